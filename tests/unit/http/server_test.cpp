#include "http/server.h"

#include <sys/resource.h>

#include <future>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "raw_client.h"
#include "recording_api.h"

namespace tasker::http {
namespace {

using namespace std::chrono_literals;

// The real server on a real loopback socket, served by two threads.
class ServerTest : public ::testing::Test {
 protected:
  ServerTest() {
    limits_.idle = 20s;
    limits_.request = 20s;
  }
  ~ServerTest() override {
    if (server_) stop(0ms).wait();
    server_.reset();
    work_.reset();
    for (auto& thread : threads_) thread.join();
  }

  void start() {
    server_ = std::make_unique<Server>(io_, api_, ServerOptions{{}, limits_});
    auto port = server_->bind("127.0.0.1", 0);
    ASSERT_TRUE(port.has_value());
    server_->start();
    for (int i = 0; i < 2; ++i) threads_.emplace_back([this] { io_.run(); });
  }

  std::shared_future<void> stop(std::chrono::milliseconds grace) {
    auto stopped = std::make_shared<std::promise<void>>();
    server_->stop(grace, [stopped] { stopped->set_value(); });
    return stopped->get_future().share();
  }

  // Until the service holds this many unanswered calls. Bounded by the client's own time limits.
  bool held(std::size_t count) {
    const auto give_up = std::chrono::steady_clock::now() + 10s;
    while (api_.held() != count && std::chrono::steady_clock::now() < give_up) std::this_thread::yield();
    return api_.held() == count;
  }

  std::uint16_t port() const { return server_->port(); }

  RecordingApi api_;
  ServerLimits limits_;
  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io_.get_executor()};
  std::unique_ptr<Server> server_;
  std::vector<std::thread> threads_;
};

TEST_F(ServerTest, KeepsTheConnectionForTheNextRequest) {
  start();
  RawClient client(port());
  for (int i = 0; i < 3; ++i) {
    const RawResponse response = client.ask(get("/tasker/health/live"));
    EXPECT_EQ(response.status, 200);
    EXPECT_NE(response.body.find("\"alive\":true"), std::string::npos);
    EXPECT_EQ(response.head.find("Connection: close"), std::string::npos);
  }
}

TEST_F(ServerTest, ClosesWhenTheClientAsksTo) {
  start();
  RawClient client(port());
  const RawResponse response = client.ask(get("/tasker/health/live", "Connection: close\r\n"));
  EXPECT_NE(response.head.find("Connection: close"), std::string::npos);
  EXPECT_TRUE(client.ended());
  RawClient old(port());
  EXPECT_EQ(old.ask("GET /tasker/health/live HTTP/1.0\r\n\r\n").status, 200);
  EXPECT_TRUE(old.ended());
}

TEST_F(ServerTest, AnswersPipelinedRequestsInOrder) {
  start();
  RawClient client(port());
  ASSERT_TRUE(client.send(get("/tasker/health/live") + get("/nothing") +
                          post("/tasker/tasks/bulk", R"({"tasks":[{"name":"a"}]})") +
                          get("/tasker/plugins")));
  EXPECT_EQ(client.read().status, 200);
  EXPECT_EQ(client.read().status, 404);
  EXPECT_EQ(client.read().body, "{\"task_ids\":[1]}\n");
  EXPECT_EQ(client.read().status, 200);
}

TEST_F(ServerTest, TakesARequestInSmallPieces) {
  start();
  RawClient client(port());
  for (char byte : post("/tasker/tasks/bulk", R"({"tasks":[{"name":"a"}]})")) {
    ASSERT_TRUE(client.send(std::string_view(&byte, 1)));
  }
  EXPECT_EQ(client.read().status, 201);
}

TEST_F(ServerTest, TakesChunkedBodies) {
  start();
  RawClient client(port());
  EXPECT_EQ(
      client
          .ask("POST /tasker/tasks/bulk HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
               "a\r\n{\"tasks\":[\r\ne\r\n{\"name\":\"a\"}]}\r\n0\r\n\r\n")
          .body,
      "{\"task_ids\":[1]}\n");
}

TEST_F(ServerTest, AsksForABodyThatTheClientHoldsBack) {
  start();
  RawClient client(port());
  const std::string body = R"({"tasks":[{"name":"a"}]})";
  const std::string head =
      "POST /tasker/tasks/bulk HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: ";
  EXPECT_EQ(client.ask(head + std::to_string(body.size()) + "\r\n\r\n").status, 100);
  EXPECT_EQ(client.ask(body).status, 201);
  EXPECT_EQ(client.ask(head + "99999999\r\n\r\n").status, 413);
}

TEST_F(ServerTest, HeadHasTheLengthButNoBody) {
  start();
  RawClient client(port());
  ASSERT_TRUE(client.send("HEAD /tasker/health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  const RawResponse head = client.read(true);
  EXPECT_NE(head.head.find("Content-Length: "), std::string::npos);
  EXPECT_EQ(client.ask(get("/tasker/plugins")).status, 200);
  const RawResponse wrong = client.ask("DELETE /tasker/tasks HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(wrong.status, 405);
  EXPECT_NE(wrong.head.find("Allow: GET, HEAD, POST\r\n"), std::string::npos);
}

// The system's own reasons cannot be had at will, but that of a process without a free descriptor can.
TEST_F(ServerTest, SaysWhyItCannotBind) {
  Server server(io_, api_, ServerOptions{});
  rlimit usual{};
  ::getrlimit(RLIMIT_NOFILE, &usual);
  rlimit none = usual;
  none.rlim_cur = 0;
  ::setrlimit(RLIMIT_NOFILE, &none);
  const auto bound = server.bind("127.0.0.1", 0);
  ::setrlimit(RLIMIT_NOFILE, &usual);
  ASSERT_FALSE(bound);
  EXPECT_EQ(code_text(bound.error().code), "http.bind_failed");
  EXPECT_NE(bound.error().message.find("127.0.0.1"), std::string::npos);
}

TEST_F(ServerTest, RefusesALargeHeader) {
  limits_.header_bytes = 1024;
  start();
  RawClient client(port());
  const RawResponse response =
      client.ask(get("/tasker/plugins", "X-Long: " + std::string(2000, 'x') + "\r\n"));
  EXPECT_EQ(response.status, 431);
  EXPECT_NE(response.body.find("http.header_too_large"), std::string::npos);
  EXPECT_TRUE(client.ended());
  RawClient endless(port());
  EXPECT_EQ(endless.ask("GET /" + std::string(3000, 'x')).status, 431);
}

TEST_F(ServerTest, RefusesALargeBodyThatIsAlreadyOnItsWay) {
  limits_.body_bytes = 1024;
  start();
  RawClient client(port());
  const RawResponse response = client.ask(post("/tasker/tasks", std::string(4'000'000, ' ')));
  EXPECT_EQ(response.status, 413);
  EXPECT_NE(response.body.find("request.too_large"), std::string::npos);
  RawClient chunked(port());
  EXPECT_EQ(
      chunked
          .ask("POST /tasker/tasks HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n800\r\n" +
               std::string(2048, ' ') + "\r\n0\r\n\r\n")
          .status,
      413);
}

TEST_F(ServerTest, BoundsTheBytesOfAllBodiesTogether) {
  limits_.body_bytes_in_flight = 1024;
  start();
  RawClient client(port());
  EXPECT_EQ(client.ask(post("/tasker/tasks", std::string(4096, ' '))).status, 503);
  RawClient next(port());
  EXPECT_EQ(next.ask(post("/tasker/tasks/bulk", R"({"tasks":[{"name":"a"}]})")).status, 201);
}

TEST_F(ServerTest, RefusesWhatIsNotHttp) {
  start();
  RawClient client(port());
  const RawResponse response = client.ask("hello\r\n\r\n");
  EXPECT_EQ(response.status, 400);
  EXPECT_NE(response.body.find("http.bad_request"), std::string::npos);
  RawClient twice(port());
  EXPECT_EQ(twice.ask("POST /tasker/tasks HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n").status,
            400);
}

TEST_F(ServerTest, ASlowRequestIsTimedOutAndAnswered) {
  limits_.request = 2s;  // also to write the answer
  start();
  RawClient client(port());
  const RawResponse response =
      client.ask("POST /tasker/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n{");
  EXPECT_EQ(response.status, 408);
  EXPECT_NE(response.body.find("\"code\":\"http.request_timeout\""), std::string::npos) << response.body;
  EXPECT_TRUE(client.ended());
}

TEST_F(ServerTest, AnIdleConnectionIsClosedQuietly) {
  limits_.idle = 2s;  // the second client must be served before it ends
  start();
  RawClient silent(port());
  EXPECT_TRUE(silent.ended());
  RawClient kept(port());
  EXPECT_EQ(kept.ask(get("/tasker/health/live")).status, 200);
  EXPECT_TRUE(kept.ended());
}

TEST_F(ServerTest, AServiceThatDoesNotAnswerIs504AndItsLateAnswerIsDropped) {
  limits_.request = 2s;  // also the time to take the request in and to write the answer: a busy machine needs it
  start();
  api_.hold();
  RawClient client(port());
  const RawResponse response = client.ask(get("/tasker/plugins"));
  EXPECT_EQ(response.status, 504);
  EXPECT_NE(response.body.find("host.timed_out"), std::string::npos);
  EXPECT_TRUE(client.ended());
  api_.release();
  RawClient next(port());
  EXPECT_EQ(next.ask(get("/tasker/plugins")).status, 200);
}

TEST_F(ServerTest, TurnsAwayClientsBeyondTheLimit) {
  limits_.connections = 1;
  start();
  auto first = std::make_unique<RawClient>(port());
  EXPECT_EQ(first->ask(get("/tasker/health/live")).status, 200);
  RawClient second(port());
  EXPECT_EQ(second.read().status, 503);
  EXPECT_TRUE(second.ended());
  EXPECT_EQ(first->ask(get("/tasker/health/live")).status, 200);
}

TEST_F(ServerTest, StopLetsTheRequestInFlightFinish) {
  start();
  api_.hold();
  RawClient idle(port());
  EXPECT_EQ(idle.ask(get("/tasker/health/live")).status, 200);
  RawClient busy(port());
  ASSERT_TRUE(busy.send(get("/tasker/plugins")));
  ASSERT_TRUE(held(1));
  auto stopped = stop(10s);
  EXPECT_TRUE(idle.ended());
  EXPECT_FALSE(RawClient(port()).ask(get("/tasker/health/live")).status == 200);
  EXPECT_EQ(stopped.wait_for(0s), std::future_status::timeout);
  api_.release();
  const RawResponse response = busy.read();
  EXPECT_EQ(response.status, 200);
  EXPECT_NE(response.head.find("Connection: close"), std::string::npos);
  EXPECT_EQ(stopped.wait_for(10s), std::future_status::ready);
}

TEST_F(ServerTest, StopEndsAfterTheGraceTimeWhateverTheServiceDoes) {
  start();
  api_.hold();
  RawClient busy(port());
  ASSERT_TRUE(busy.send(get("/tasker/plugins")));
  ASSERT_TRUE(held(1));
  auto first = stop(50ms);
  auto second = stop(50ms);
  EXPECT_EQ(first.wait_for(10s), std::future_status::ready);
  EXPECT_EQ(second.wait_for(10s), std::future_status::ready);
  EXPECT_TRUE(busy.ended());
  api_.release();
}

TEST_F(ServerTest, ATakenPortIsRefusedOrPassedOver) {
  start();
  Server other(io_, api_);
  auto refused = other.bind("127.0.0.1", port());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Code::http_port_taken);
  auto next = other.bind("127.0.0.1", port(), true);
  ASSERT_TRUE(next.has_value());
  EXPECT_GT(*next, port());
  EXPECT_EQ(other.url(), "http://127.0.0.1:" + std::to_string(*next) + "/tasker");
}

TEST_F(ServerTest, OnlyLoopbackIsServed) {
  Server server(io_, api_);
  for (const char* address : {"0.0.0.0", "192.168.1.1", "::", "example.org", "", "::ffff:127.0.0.1"}) {
    auto bound = server.bind(address, 0);
    ASSERT_FALSE(bound.has_value()) << address;
    EXPECT_EQ(bound.error().code, Code::http_address_refused);
  }
  EXPECT_TRUE(server.bind("localhost", 0).has_value());
  io_.stop();
}

TEST(ListenAddress, ReadsAddressAndPort) {
  EXPECT_EQ(parse_listen_address("127.0.0.1:7878")->port, 7878);
  EXPECT_EQ(parse_listen_address("[::1]:80")->address, "::1");
  EXPECT_EQ(parse_listen_address("localhost:0")->address, "localhost");
  for (const char* text :
       {"7878", ":7878", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:x", ""}) {
    EXPECT_FALSE(parse_listen_address(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace tasker::http

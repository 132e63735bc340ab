// What the client sends, to whom, and what it makes of silence.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <boost/asio.hpp>
#include <filesystem>
#include <fstream>
#include <future>
#include <optional>
#include <thread>

#include "app/api_client.h"
#include "app/data_dir.h"
#include "app/task_verbs.h"

namespace tasker::app {
namespace {

namespace fs = std::filesystem;

class RequestTest : public testing::Test {
 protected:
  void SetUp() override {
    char folder[] = "/tmp/tasker-cli-test-XXXXXX";
    root_ = ::mkdtemp(folder);
    ::setenv("TASKER_DATA", root_.c_str(), 1);
    ::unsetenv("TASKER_SERVER");
  }
  void TearDown() override {
    ::unsetenv("TASKER_DATA");
    ::unsetenv("TASKER_SERVER");
    fs::remove_all(root_);
  }
  fs::path root_;
};

TEST_F(RequestTest, NumbersOfTheContextKeepTheirDigits) {
  TaskSubmitArguments arguments;
  arguments.name = "order";
  const auto context = read_object(R"({"n": 12345678901234567890123, "x": 1.10})", "the context");
  ASSERT_TRUE(context);
  EXPECT_NE(task_body(arguments, *context).find(R"("context":{"n": 12345678901234567890123, "x": 1.10})"),
            std::string::npos);
}

TEST_F(RequestTest, TheBodyHoldsOnlyWhatWasGiven) {
  TaskSubmitArguments arguments;
  arguments.name = "a\"b";
  EXPECT_EQ(task_body(arguments, "{}"),
            R"({"name":"a\"b","namespace":"default","source_system":"tasker-cli","context":{}})");
  arguments.version = "^1";
  arguments.priority = 0;
  arguments.tags = {"x", "y"};
  EXPECT_EQ(task_body(arguments, "{}"),
            R"({"name":"a\"b","namespace":"default","source_system":"tasker-cli","version":"^1","priority":0,)"
            R"("tags":["x","y"],"context":{}})");
}

TEST_F(RequestTest, AContextIsOneJsonObject) {
  for (const char* wrong : {"", "1", "[]", "{", "{} {}", "{}, \"name\": \"other\"", "@/nowhere"})
    EXPECT_FALSE(read_object(wrong, "the context")) << wrong;
  std::ofstream(root_ / "context.json") << "{\"a\": 1}\n";
  EXPECT_EQ(*read_object("@" + (root_ / "context.json").string(), "the context"), "{\"a\": 1}\n");
}

TEST_F(RequestTest, AContextFileThatIsMissingIsNotFound) {
  EXPECT_EQ(exit_code_of(read_object("@/nowhere", "the context").error()), ExitCode::not_found);
  EXPECT_EQ(exit_code_of(read_object("{oops", "the context").error()), ExitCode::usage);
}

TEST_F(RequestTest, AnAddressThatIsNoneIsAUsageError) {
  const auto answer = ApiClient("ftp://x").get("/tasks");
  ASSERT_FALSE(answer);
  EXPECT_EQ(exit_code_of(answer.error()), ExitCode::usage) << answer.error().message;
}

// A server between us and the host knows no codes of ours: what its status says must do.
TEST_F(RequestTest, AnAnswerWithoutACodeGetsTheOneOfItsStatus) {
  for (const auto& [status, code] : {std::pair{409, Code::conflict}, {404, Code::not_found}, {403, Code::not_allowed}}) {
    boost::asio::io_context io;
    using boost::asio::ip::tcp;
    tcp::acceptor acceptor(io, {boost::asio::ip::address_v4::loopback(), 0});
    std::thread server([&acceptor, status = status] {
      auto client = acceptor.accept();
      std::string request;
      boost::asio::read_until(client, boost::asio::dynamic_buffer(request), "\r\n\r\n");
      boost::asio::write(client, boost::asio::buffer("HTTP/1.1 " + std::to_string(status) + " No\r\nContent-Length: 0\r\n\r\n"));
    });
    const auto answer = ApiClient("http://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port())).get("/tasks");
    server.join();
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, code) << status;
  }
}

// It may have done what it was asked: another thing than nobody being there.
TEST_F(RequestTest, AHostThatTakesARequestAndDoesNotAnswerIsATimeOut) {
  boost::asio::io_context io;
  using boost::asio::ip::tcp;
  tcp::acceptor acceptor(io, {boost::asio::ip::address_v4::loopback(), 0});  // the kernel accepts, nobody reads
  ApiClient client("http://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()),
                   {.deadline = std::chrono::milliseconds(200)});
  const auto answer = client.post("/tasks/bulk", "{}");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::timed_out) << answer.error().message;
  EXPECT_EQ(exit_code_of(answer.error()), ExitCode::timed_out);
  EXPECT_NE(answer.error().message.find("look before you repeat"), std::string::npos);
}

TEST_F(RequestTest, FiltersAreEscaped) {
  TaskListArguments arguments;
  arguments.name = "a&b c";
  arguments.initiator = "ann";
  arguments.source_system = "my shop";
  arguments.after = "dGFzazo2NA";
  arguments.created_before = "2030-01-31T09:30:00+02:00";
  EXPECT_EQ(list_query(arguments), "?limit=20&name=a%26b%20c&initiator=ann&source_system=my%20shop&created_before=2030-01-31T09%3A30%3A00%2B02%3A00&after=dGFzazo2NA");
}

TEST_F(RequestTest, TheServerIsFlagThenEnvironmentThenAddressFileThenDefault) {
  EXPECT_EQ(choose_server(""), "http://127.0.0.1:8765");
  ASSERT_TRUE(write_address({root_}, "http://127.0.0.1:8770"));
  EXPECT_EQ(choose_server(""), "http://127.0.0.1:8770");
  ::setenv("TASKER_SERVER", "http://127.0.0.1:9", 1);
  EXPECT_EQ(choose_server(""), "http://127.0.0.1:9");
  EXPECT_EQ(choose_server("http://flag"), "http://flag");
}

TEST_F(RequestTest, TheAddressFileGoesWithItsHost) {
  EXPECT_FALSE(read_address({root_}));
  ASSERT_TRUE(write_address({root_}, "http://127.0.0.1:1"));
  EXPECT_EQ(read_address({root_}), "http://127.0.0.1:1");
  remove_address({root_});
  EXPECT_FALSE(read_address({root_}));
  EXPECT_FALSE(write_address({root_ / "missing"}, "http://127.0.0.1:1"));
}

TEST_F(RequestTest, NobodyThereIsItsOwnExitCode) {
  ApiClient client("http://127.0.0.1:9");  // discard: nothing listens there
  const auto answer = client.get("/tasks");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::server_unreachable);
  EXPECT_EQ(exit_code_of(answer.error()), ExitCode::unreachable);
  EXPECT_NE(answer.error().message.find("tasker dev"), std::string::npos);
}

TEST_F(RequestTest, TheLockKeepsASecondOneOutUntilTheFirstIsGone) {
  const DataDir dir{root_};
  {
    const auto first = DataDirLock::take(dir);
    ASSERT_TRUE(first);
    const auto second = DataDirLock::take(dir, std::chrono::milliseconds(0));
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Code::data_dir_in_use);
  }
  EXPECT_TRUE(DataDirLock::take(dir));
}

TEST_F(RequestTest, TheLockOfAHostThatIsJustEndingIsWaitedFor) {
  const DataDir dir{root_};
  std::optional<DataDirLock> first(std::move(*DataDirLock::take(dir)));
  auto second = std::async(std::launch::async, [&] { return DataDirLock::take(dir, std::chrono::minutes(2)); });
  EXPECT_EQ(second.wait_for(std::chrono::milliseconds(50)), std::future_status::timeout) << "it did not wait";
  first.reset();
  EXPECT_TRUE(second.get());
}

}  // namespace
}  // namespace tasker::app

// Sends bulks of one task over HTTP: tasker-bench-http-client URL CONNECTIONS TASK. Each line of stdin is a number of
// tasks, sent by whichever connection is free; each line of stdout is an answer: `created`, or what went wrong. Ends
// with its input. One thread a connection.
#include <boost/asio.hpp>
#include <boost/beast.hpp>
#include <iostream>
#include <mutex>
#include <regex>
#include <string>
#include <thread>
#include <vector>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

struct Target {
  std::string host;
  std::string port;
};

Target target_of(const std::string& url) {
  std::smatch parts;
  if (!std::regex_search(url, parts, std::regex("^http://([^/:]+):([0-9]+)"))) throw std::runtime_error("not a URL of a host: " + url);
  return {parts[1], parts[2]};
}

std::string bulk_of(const std::string& task, int count) {
  std::string body = R"({"tasks":[)";
  for (int i = 0; i < count; ++i) {
    if (i > 0) body += ',';
    body += task;
  }
  return body + "]}";
}

std::string post(beast::tcp_stream& stream, const Target& target, const std::string& body) {
  http::request<http::string_body> request{http::verb::post, "/tasker/tasks/bulk", 11};
  request.set(http::field::host, target.host);
  request.set(http::field::content_type, "application/json");
  request.body() = body;
  request.prepare_payload();
  stream.expires_after(std::chrono::minutes(2));
  http::write(stream, request);
  beast::flat_buffer buffer;
  http::response<http::string_body> response;
  http::read(stream, buffer, response);
  return response.result() == http::status::created ? "created" : response.body();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: tasker-bench-http-client URL CONNECTIONS TASK\n";
    return 2;
  }
  const Target target = target_of(argv[1]);
  const std::string task = argv[3];
  std::mutex input;
  std::mutex output;
  const auto serve = [&] {
    asio::io_context context;
    beast::tcp_stream stream(context);
    stream.connect(asio::ip::tcp::resolver(context).resolve(target.host, target.port));
    for (int count = 0;;) {
      {
        const std::lock_guard lock(input);
        if (!(std::cin >> count)) return;
      }
      const std::string answer = post(stream, target, bulk_of(task, count));
      const std::lock_guard lock(output);
      std::cout << answer << std::endl;
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < std::stoi(argv[2]); ++i) threads.emplace_back(serve);
  for (auto& thread : threads) thread.join();
  return 0;
}

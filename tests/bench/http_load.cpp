// The parent's side of tests/bench/http_client: one line a bulk to it, one line an answer from it.
#include <boost/process.hpp>
#include <filesystem>
#include <string>

#include "session.h"
#include "workload.h"

namespace tasker::bench {

namespace {

namespace process = boost::process;

class HttpLoad : public Load {
 public:
  HttpLoad(const std::string& url, const Workload& workload, int payload)
      : client_(client_program(), url, std::to_string(kUnanswered), task_text(workload, payload), process::std_in < orders_,
                process::std_out > answers_) {}

  ~HttpLoad() override {
    finish();
    orders_.pipe().close();
    client_.wait();
  }

  void send(int tasks) override {
    while (unanswered_ >= kUnanswered) settle_one();
    orders_ << tasks << std::endl;
    ++unanswered_;
  }

  void finish() override {
    while (unanswered_ > 0) settle_one();
  }

 private:
  static std::string client_program() {
    return std::filesystem::read_symlink("/proc/self/exe").parent_path() / "tasker-bench-http-client";
  }

  static std::string task_text(const Workload& workload, int payload) {
    return R"({"namespace":"bench","name":")" + workload.name + R"(","context":)" + request_context(payload) + "}";
  }

  void settle_one() {
    std::string answer;
    if (!std::getline(answers_, answer)) answer = "the HTTP client ended";
    if (answer != "created") give_up("submit over HTTP: " + answer);
    --unanswered_;
  }

  process::opstream orders_;
  process::ipstream answers_;
  process::child client_;
  int unanswered_ = 0;
};

}  // namespace

std::unique_ptr<Load> http_load(const std::string& url, const Workload& workload, int payload) {
  return std::make_unique<HttpLoad>(url, workload, payload);
}

}  // namespace tasker::bench

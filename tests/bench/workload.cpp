#include "workload.h"

#include <algorithm>
#include <deque>
#include <future>

#include "session.h"

namespace tasker::bench {

namespace {

class ApiLoad : public Load {
 public:
  ApiLoad(engine::Api& api, const Workload& workload, int payload) : api_(api), request_(request(workload, payload)) {}
  ~ApiLoad() override { finish(); }

  void send(int tasks) override {
    while (answers_.size() >= kUnanswered) settle_oldest();
    auto answered = std::make_shared<std::promise<std::string>>();
    answers_.push_back(answered->get_future());
    api_.submit(std::vector<engine::TaskRequest>(static_cast<std::size_t>(tasks), request_),
                [answered](Result<engine::SubmitResult> answer) {
                  std::string trouble;
                  if (!answer.has_value()) trouble = answer.error().message;
                  else if (!answer->problems.empty()) trouble = answer->problems.front().message;
                  answered->set_value(std::move(trouble));
                });
  }

  void finish() override {
    while (!answers_.empty()) settle_oldest();
  }

 private:
  void settle_oldest() {
    const std::string trouble = answers_.front().get();
    answers_.pop_front();
    if (!trouble.empty()) give_up("submit: " + trouble);
  }

  engine::Api& api_;
  const engine::TaskRequest request_;
  std::deque<std::future<std::string>> answers_;
};

}  // namespace

const std::vector<Workload>& workloads() {
  static const std::vector<Workload> all{
      {"linear4", 4, 80'000}, {"diamond4", 4, 80'000}, {"fanout100", 102, 3'000}, {"single", 1, 200'000}};
  return all;
}

const Workload& workload(const std::string& name) {
  return *std::find_if(workloads().begin(), workloads().end(), [&](const Workload& known) { return known.name == name; });
}

std::string request_context(int payload) {
  const std::string head = R"({"order_id":1)";
  const std::string pad = R"(,"note":")";
  const int room = payload - static_cast<int>(head.size() + pad.size()) - 2;
  return room <= 0 ? head + "}" : head + pad + std::string(static_cast<std::size_t>(room), 'x') + "\"}";
}

engine::TaskRequest request(const Workload& workload, int payload) {
  engine::TaskRequest task;
  task.namespace_name = "bench";
  task.name = workload.name;
  task.context = request_context(payload);
  return task;
}

std::unique_ptr<Load> api_load(engine::Api& api, const Workload& workload, int payload) {
  return std::make_unique<ApiLoad>(api, workload, payload);
}

}  // namespace tasker::bench

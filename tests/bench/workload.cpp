#include "workload.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <future>

namespace tasker::bench {

namespace {

constexpr int kMaxBulk = 500;

engine::TaskRequest request(const std::string& name) {
  engine::TaskRequest task;
  task.namespace_name = "bench";
  task.name = name;
  task.context = R"({"order_id":1})";
  return task;
}

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "tasker-bench: %s\n", why.c_str());
  std::exit(1);
}

void check(const Result<engine::SubmitResult>& answer) {
  if (!answer.has_value()) give_up(answer.error().message);
  if (!answer->problems.empty()) give_up(answer->problems.front().message);
}

}  // namespace

const std::vector<Workload>& workloads() {
  static const std::vector<Workload> all{
      {"linear4", 4, 80'000}, {"diamond4", 4, 80'000}, {"fanout100", 102, 3'000}, {"single", 1, 200'000}};
  return all;
}

void EndCounter::note(const engine::EndedTask& ended) {
  if (!ended.complete) failed_.fetch_add(1);
  if (ended_.fetch_add(1) + 1 < wanted_.load()) return;
  const std::lock_guard lock(mutex_);
  changed_.notify_all();
}

void EndCounter::wait_for(long count) {
  std::unique_lock lock(mutex_);
  wanted_.store(count);
  while (ended_.load() < count) {
    const long before = ended_.load();
    if (!changed_.wait_for(lock, std::chrono::minutes(2), [&] { return ended_.load() >= count; }) && ended_.load() == before) {
      give_up("no task ended within two minutes; " + std::to_string(before) + " of " + std::to_string(count) + " have");
    }
  }
}

double run_tasks(engine::Api& api, EndCounter& ends, const std::string& name, int tasks, int window) {
  const int bulk = std::clamp(window / 4, 1, kMaxBulk);
  const long before = ends.count();
  const auto start = std::chrono::steady_clock::now();
  int sent = 0;
  std::vector<std::future<void>> answers;
  while (sent < tasks) {
    const int count = std::min(bulk, tasks - sent);
    ends.wait_for(before + std::max(0, sent + count - window));
    auto answered = std::make_shared<std::promise<void>>();
    answers.push_back(answered->get_future());
    api.submit(std::vector<engine::TaskRequest>(static_cast<std::size_t>(count), request(name)),
               [answered](Result<engine::SubmitResult> answer) {
                 check(answer);
                 answered->set_value();
               });
    sent += count;
    if (answers.size() >= 4) answers[answers.size() - 4].wait();  // four bulks under way, as a busy client would have
  }
  ends.wait_for(before + tasks);
  return tasks / std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

std::vector<double> time_single_tasks(engine::Api& api, EndCounter& ends, const std::string& name, int runs) {
  std::vector<double> times;
  for (int i = 0; i < runs; ++i) {
    const long before = ends.count();
    const auto start = std::chrono::steady_clock::now();
    api.submit({request(name)}, [](Result<engine::SubmitResult> answer) { check(answer); });
    ends.wait_for(before + 1);
    times.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
  }
  std::sort(times.begin(), times.end());
  return times;
}

}  // namespace tasker::bench

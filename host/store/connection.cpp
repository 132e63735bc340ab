#include "store/connection.h"

#include <pthread.h>
#include <spdlog/fmt/fmt.h>

#include <exception>

#include "base/log.h"

namespace tasker::store {

Connection::Connection(Options options, CallWatch& watch, Counters& counters)
    : options_(std::move(options)),
      counters_(counters),
      session_(options_.session, watch, counters),
      thread_([this] { run(); }) {}

Connection::~Connection() { stop(); }

bool Connection::post(Work work) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || queue_.size() >= options_.max_queued) {
      ++counters_.overloaded;
      return false;
    }
    queue_.push_back({std::move(work), std::chrono::steady_clock::now()});
  }
  changed_.notify_one();
  return true;
}

void Connection::request_stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
}

bool Connection::wait_until_stopped(std::chrono::steady_clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  return changed_.wait_until(lock, deadline, [this] { return stopped_; });
}

void Connection::stop() {
  request_stop();
  if (thread_.joinable()) thread_.join();
}

std::size_t Connection::queued() const {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

void Connection::run() {
  pthread_setname_np(pthread_self(), options_.name.substr(0, 15).c_str());
  for (;;) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) break;
    Item item = std::move(queue_.front());
    queue_.pop_front();
    const bool stopping = stopping_;
    lock.unlock();
    if (stopping) {
      session_.refuse_calls(make_error(Code::stopping, "the host is stopping", Retry::later));
    } else if (std::chrono::steady_clock::now() - item.posted > options_.max_wait) {
      session_.refuse_calls(make_error(
          Code::timed_out, fmt::format("the call waited more than {} s for the database connection {}",
                                       options_.max_wait.count() / 1000, options_.name), Retry::later));
    } else {
      session_.accept_calls();
    }
    busy_.store(true, std::memory_order_relaxed);
    item.work(session_);
    busy_.store(false, std::memory_order_relaxed);
  }
  session_.disconnect();
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
}

Error overloaded_error(std::string_view what) {
  return make_error(Code::overloaded, fmt::format("{} was refused: too much waits for the database, or it is stopping", what),
                    Retry::later);
}

}  // namespace tasker::store

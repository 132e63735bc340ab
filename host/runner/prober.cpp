#include "runner/prober.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <deque>
#include <list>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/log.h"
#include "plugin/apart_call.h"
#include "plugin/loaded_plugin.h"
#include "runner/probe_messages.h"
#include "runner/probed_hashes.h"
#include "runner/prober_link.h"

namespace tasker::runner {
namespace {

using Steady = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::size_t kMostSent = 16;  // questions that are at the prober at once
constexpr int kMostLosses = 3;         // of the prober, over one question
constexpr milliseconds kTick{500};
constexpr milliseconds kPatience{30'000};  // beyond a library's limit: then the prober is given up

struct Question {
  plugin::LoadRequest request;
  std::function<void(Result<void>)> done;
  int losses = 0;
};

}  // namespace

class Prober::Impl {
 public:
  explicit Impl(ProberOptions options)
      : options_(std::move(options)), known_(options_.known, build_of(options_.program)),
        limit_ms_(static_cast<std::uint32_t>(milliseconds(options_.limit).count())) {}
  ~Impl() {
    stop();
    if (wake_ >= 0) ::close(wake_);
  }

  void probe(const plugin::LoadRequest& request, std::function<void(Result<void>)> done);
  void forget(const std::string& sha256) { known_.forget(sha256); }
  void stop();

 private:
  Result<void> start_thread();
  void run();
  bool take_arrived();
  void hand_out();
  void ask(Question question);
  bool wait();
  void take(const Frame& frame);
  void say_output(const Question& question, const Probed& probed);
  void lose_prober(const char* why);
  bool has_work() const { return !queue_.empty() || !sent_.empty(); }
  void wake() const;

  const ProberOptions options_;
  ProbedHashes known_;
  const std::uint32_t limit_ms_;

  std::mutex mutex_;  // guards the next five
  std::thread thread_;
  int wake_ = -1;
  std::vector<Question> arrived_;
  bool is_stopping_ = false;

  // On the thread.
  std::deque<Question> queue_;
  std::map<std::uint64_t, Question> sent_;
  std::uint64_t last_token_ = 0;
  std::unique_ptr<ProberLink> link_;
  milliseconds silent_{0};  // without an answer; time in which this process stood still does not count
};

void Prober::Impl::probe(const plugin::LoadRequest& request, std::function<void(Result<void>)> done) {
  if (known_.contains(request.sha256)) return done({});
  std::unique_lock lock(mutex_);
  if (!is_stopping_ && wake_ < 0) wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (is_stopping_ || wake_ < 0) {
    lock.unlock();
    return done(make_error(Code::stopping, "the host cannot probe it: it is stopping, or has no descriptor left", Retry::later));
  }
  if (const auto started = start_thread(); !started) {
    lock.unlock();
    return done(started.error());
  }
  arrived_.push_back({request, std::move(done)});
  wake();
}

Result<void> Prober::Impl::start_thread() {
  if (thread_.joinable()) return {};
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error& failure) {
    return plugin::no_thread_error(failure);
  }
  ::pthread_setname_np(thread_.native_handle(), "prober");
  return {};
}

void Prober::Impl::wake() const {
  const std::uint64_t one = 1;
  static_cast<void>(!::write(wake_, &one, sizeof one));
}

void Prober::Impl::stop() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
    if (!thread_.joinable()) return;
    wake();
  }
  thread_.join();
}

void Prober::Impl::run() {
  while (take_arrived()) {
    hand_out();
    if (!wait()) lose_prober("it ended");
    if (silent_ > milliseconds(limit_ms_) + kPatience) lose_prober("it did not answer");
  }
  link_.reset();
  for (auto& [token, question] : sent_) queue_.push_back(std::move(question));
  for (Question& question : queue_) question.done(make_error(Code::stopping, "the host is stopping", Retry::later));
}

bool Prober::Impl::take_arrived() {
  const std::lock_guard lock(mutex_);
  for (Question& question : arrived_) queue_.push_back(std::move(question));
  arrived_.clear();
  return !is_stopping_;
}

// One that may have cost a prober is asked alone.
void Prober::Impl::hand_out() {
  while (!queue_.empty() && sent_.size() < kMostSent) {
    const bool is_suspect = queue_.front().losses > 0 || (!sent_.empty() && sent_.begin()->second.losses > 0);
    if (is_suspect && !sent_.empty()) return;
    Question next = std::move(queue_.front());
    queue_.pop_front();
    ask(std::move(next));
  }
}

void Prober::Impl::ask(Question question) {
  if (!link_) {
    auto link = ProberLink::start(options_.program);
    if (!link) {
      return question.done(link.error());
    }
    link_ = std::move(*link);
    silent_ = {};
  }
  const plugin::LoadRequest& request = question.request;
  const std::string file = std::filesystem::absolute(request.file).string();
  Probe probe{.file = file, .source = request.source, .entry_bytes = request.entry_bytes, .limit_ms = limit_ms_};
  for (const auto& step : request.definition->steps) probe.handlers.push_back({step.name, step.handler_class, step.handler});
  if (sent_.empty()) silent_ = {};
  const std::uint64_t token = ++last_token_;
  if (!encode_probe(link_->out(), token, probe))
    question.done(make_error(Code::plugin_runner_failed, "its template names more handlers than can be sent to the prober"));
  else
    sent_.emplace(token, std::move(question));
}

// False: the prober is gone.
bool Prober::Impl::wait() {
  if (link_ && !link_->flush()) return false;
  std::vector<pollfd> files = {{wake_, POLLIN, 0}};
  if (link_) {
    files.push_back({link_->channel(), static_cast<short>(link_->has_more_to_send() ? POLLIN | POLLOUT : POLLIN), 0});
    files.push_back({link_->output(), POLLIN, 0});  // passed over when it is -1
  }
  const auto before = Steady::now();
  const int patience = static_cast<int>((has_work() ? kTick : options_.idle).count());
  const int answer = ::poll(files.data(), files.size(), link_ ? patience : -1);
  std::uint64_t woken = 0;
  static_cast<void>(!::read(wake_, &woken, sizeof woken));
  if (answer == 0 && !has_work()) link_.reset();  // idle
  if (!link_) return true;
  if (!sent_.empty()) silent_ += std::min(kTick * 2, std::chrono::duration_cast<milliseconds>(Steady::now() - before));
  if (files[2].revents != 0) link_->read_output();
  return files[1].revents == 0 || link_->read([this](const Frame& frame) { take(frame); });
}

void Prober::Impl::take(const Frame& frame) {
  const auto found = sent_.find(frame.token);
  const auto probed = decode_probed(frame.body);
  if (found == sent_.end() || !probed) return;
  silent_ = {};
  const Question question = std::move(found->second);
  sent_.erase(found);
  say_output(question, *probed);
  auto verdict = verdict_of(*probed, limit_ms_);
  if (verdict) known_.add(question.request.sha256);
  question.done(std::move(verdict));
}

void Prober::Impl::say_output(const Question& question, const Probed& probed) {
  const std::string& source = question.request.source;
  OutputLines lines([&](std::string_view line) { log_plugin_line(LogLevel::info, {.plugin = source}, line); });
  lines.add(probed.output, Steady::now());
  lines.end(Steady::now());
  if (probed.left_out > 0) log_info("plugin {}: {} bytes more that it wrote while it was opened were left out", source, probed.left_out);
}

void Prober::Impl::lose_prober(const char* why) {
  link_.reset();
  silent_ = {};
  log_warn("the prober of plugins was lost: {}; {} plugins are tried again", why, sent_.size());
  for (auto sent = sent_.rbegin(); sent != sent_.rend(); ++sent) {
    Question& question = sent->second;
    if (++question.losses < kMostLosses)
      queue_.push_front(std::move(question));
    else
      question.done(make_error(Code::plugin_runner_failed,
                               "the process that was to try it before the host loads it ended " + std::to_string(kMostLosses) +
                                   " times meanwhile",
                               Retry::later));
  }
  sent_.clear();
}

Prober::Prober(ProberOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Prober::~Prober() = default;

void Prober::probe(const plugin::LoadRequest& request, std::function<void(Result<void>)> done) {
  impl_->probe(request, std::move(done));
}
void Prober::forget(const std::string& sha256) { impl_->forget(sha256); }
void Prober::stop() { impl_->stop(); }

}  // namespace tasker::runner

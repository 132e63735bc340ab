#include "checker/surroundings.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <clocale>
#include <cstdint>
#include <filesystem>
#include <string_view>

namespace tasker::checker {
namespace {

namespace fs = std::filesystem;

template <class Take>
void each_entry(const char* folder, Take take) {
  std::error_code failed;
  for (fs::directory_iterator entry(folder, failed), end; !failed && entry != end; entry.increment(failed)) take(*entry);
}

std::string mask_text() {
  sigset_t blocked;
  ::sigemptyset(&blocked);
  ::pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
  std::string text;
  for (int number = 1; number < NSIG; ++number)
    if (::sigismember(&blocked, number) == 1) text += (text.empty() ? "" : ", ") + std::to_string(number);
  return text.empty() ? "nothing" : text;
}

std::string handler_of(int number) {
  struct sigaction action {};
  if (::sigaction(number, nullptr, &action) != 0) return {};
  if (action.sa_handler == SIG_DFL) return "the default";
  if (action.sa_handler == SIG_IGN) return "ignored";
  return "a handler at " + std::to_string(reinterpret_cast<std::uintptr_t>(action.sa_handler));
}

std::string mode_mask_text() {
  const mode_t mask = ::umask(0);
  ::umask(mask);
  return std::to_string(mask);
}

void add(std::vector<std::string>& changes, const char* what, const std::string& before, const std::string& after) {
  if (before != after) changes.push_back(std::string(what) + " was " + before + " and is " + after);
}

std::string name_of(const std::string& variable) { return variable.substr(0, variable.find('=')); }

}  // namespace

Surroundings Surroundings::now() {
  Surroundings all;
  each_entry("/proc/self/task", [&](const fs::directory_entry& task) { all.threads_.push_back(task.path().filename()); });
  each_entry("/proc/self/fd", [&](const fs::directory_entry& file) {
    std::error_code failed;
    const auto target = fs::read_symlink(file.path(), failed);
    // The one through which this is being read has no target once the reading has gone on.
    if (!failed && target.string() != "/proc/" + std::to_string(::getpid()) + "/fd") all.descriptors_.push_back({file.path().filename(), target});
  });
  std::error_code ignored;
  all.directory_ = fs::current_path(ignored).string();
  all.locale_ = std::setlocale(LC_ALL, nullptr);
  all.signal_mask_ = mask_text();
  all.mode_mask_ = mode_mask_text();
  for (int number = 1; number < NSIG; ++number) all.handlers_.push_back(handler_of(number));
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) all.environment_.emplace_back(*variable);
  std::sort(all.environment_.begin(), all.environment_.end());
  siginfo_t child{};
  all.has_children_ = ::waitid(P_ALL, 0, &child, WEXITED | WNOHANG | WNOWAIT) == 0;
  return all;
}

std::vector<std::string> Surroundings::changes_to(const Surroundings& later) const {
  std::vector<std::string> changes;
  const auto new_threads = std::count_if(later.threads_.begin(), later.threads_.end(), [&](const std::string& id) {
    return std::find(threads_.begin(), threads_.end(), id) == threads_.end();
  });
  if (new_threads > 0) changes.push_back(std::to_string(new_threads) + (new_threads == 1 ? " thread is" : " threads are") + " still running");
  for (const auto& file : later.descriptors_)
    if (std::find(descriptors_.begin(), descriptors_.end(), file) == descriptors_.end())
      changes.push_back("descriptor " + file.number + " is open on " + file.target);
  for (const auto& file : descriptors_)
    if (std::find(later.descriptors_.begin(), later.descriptors_.end(), file) == later.descriptors_.end())
      changes.push_back("descriptor " + file.number + " (" + file.target + ") was closed");
  add(changes, "the working directory", directory_, later.directory_);
  add(changes, "the locale", locale_, later.locale_);
  add(changes, "the blocked signals", signal_mask_, later.signal_mask_);
  add(changes, "the file mode mask", mode_mask_, later.mode_mask_);
  for (std::size_t i = 0; i < handlers_.size(); ++i)
    add(changes, ("signal " + std::to_string(i + 1)).c_str(), handlers_[i], later.handlers_[i]);
  for (const auto& variable : later.environment_)
    if (!std::binary_search(environment_.begin(), environment_.end(), variable)) changes.push_back("the environment variable " + name_of(variable) + " was set");
  for (const auto& variable : environment_) {
    const auto name = name_of(variable) + "=";
    if (std::none_of(later.environment_.begin(), later.environment_.end(), [&](const std::string& each) { return each.starts_with(name); }))
      changes.push_back("the environment variable " + name_of(variable) + " was removed");
  }
  if (later.has_children_ && !has_children_) changes.push_back("a child process is left");
  return changes;
}

}  // namespace tasker::checker

#include "plugin/settler.h"

namespace tasker::plugin {

void Settler::note(const std::string& path, const FileStamp& stamp, Time since, std::chrono::milliseconds quiet) {
  const auto found = waiting_.find(path);
  if (found != waiting_.end() && found->second.stamp == stamp) {
    found->second.quiet = quiet;  // its writer closed it, or opened it again
    return;
  }
  waiting_[path] = {stamp, since, quiet};
}

std::vector<std::string> Settler::take_due(Time now) {
  std::vector<std::string> due;
  for (auto at = waiting_.begin(); at != waiting_.end();) {
    if (at->second.since + at->second.quiet > now) {
      ++at;
      continue;
    }
    due.push_back(at->first);
    at = waiting_.erase(at);
  }
  return due;
}

std::optional<Settler::Time> Settler::next() const {
  std::optional<Time> earliest;
  for (const auto& [path, waiting] : waiting_)
    if (!earliest || waiting.since + waiting.quiet < *earliest) earliest = waiting.since + waiting.quiet;
  return earliest;
}

}  // namespace tasker::plugin

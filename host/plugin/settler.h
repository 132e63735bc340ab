// Which changed files have been quiet for long enough to be looked at. Pure: time is a parameter. Owned by the
// loader, on its thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tasker::plugin {

// Everything about a file that says "look again", the mode included: a chmod may cure a refusal.
struct FileStamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t size = 0;
  std::int64_t modified_ns = 0;
  std::int64_t changed_ns = 0;
  std::uint32_t mode = 0;
  bool operator==(const FileStamp&) const = default;
};

class Settler {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // Quiet time counts from `since`; a note with another stamp starts it again.
  void note(const std::string& path, const FileStamp& stamp, Time since, std::chrono::milliseconds quiet);
  void forget(const std::string& path) { waiting_.erase(path); }
  bool holds(const std::string& path) const { return waiting_.contains(path); }

  // Removes and returns what has been quiet long enough.
  std::vector<std::string> take_due(Time now);
  // When take_due() will have something next.
  std::optional<Time> next() const;

 private:
  struct Waiting {
    FileStamp stamp;
    Time since;
    std::chrono::milliseconds quiet;
  };
  std::map<std::string, Waiting> waiting_;
};

}  // namespace tasker::plugin

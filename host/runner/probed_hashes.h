// Which bytes were tried by this build of the host and found sound, kept in a file over restarts, so that a start does not try
// thousands of libraries again. Each line stands for itself and carries its own checksum over hash and build: what is damaged,
// cut, or of another build counts for nothing, and the worst that can come of it is one trial more. Hosts may share the file. [any]
#pragma once

#include <filesystem>
#include <mutex>
#include <string>
#include <unordered_set>

namespace tasker::runner {

class ProbedHashes {
 public:
  // `build`: whatever makes an earlier verdict worthless when it changes.
  ProbedHashes(std::filesystem::path file, std::string build) : file_(std::move(file)), build_(std::move(build)) {}

  bool contains(const std::string& sha256);
  void add(const std::string& sha256);
  void forget(const std::string& sha256);

 private:
  void read();
  std::string line_of(const std::string& sha256) const;
  void write_all();

  const std::filesystem::path file_;
  const std::string build_;
  std::mutex mutex_;  // guards all below
  bool is_read_ = false;
  std::unordered_set<std::string> known_;
};

// This program's version and file, and with them its plugin ABI.
std::string build_of(const std::string& program);

}  // namespace tasker::runner

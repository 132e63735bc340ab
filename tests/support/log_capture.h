// The host's log in a file while this lives, so that a test can count lines. One at a time; the test's thread.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace tasker::test {

class LogCapture {
 public:
  LogCapture();
  ~LogCapture();
  LogCapture(const LogCapture&) = delete;
  LogCapture& operator=(const LogCapture&) = delete;

  // What was logged so far: the lines that contain `part`.
  std::vector<std::string> lines(const std::string& part = "") const;

 private:
  std::filesystem::path file_;
};

}  // namespace tasker::test

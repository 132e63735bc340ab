#include "support/log_capture.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "base/log.h"

namespace tasker::test {

LogCapture::LogCapture()
    : file_(std::filesystem::temp_directory_path() / ("tasker-test-" + std::to_string(::getpid()) + ".log")) {
  std::filesystem::remove(file_);
  EXPECT_TRUE(log_open({.file = file_.string()}));
}

LogCapture::~LogCapture() {
  EXPECT_TRUE(log_open({}));
  std::error_code ignored;
  std::filesystem::remove(file_, ignored);
}

std::vector<std::string> LogCapture::lines(const std::string& part) const {
  log_flush();
  std::ifstream file(file_);
  std::vector<std::string> found;
  for (std::string line; std::getline(file, line);) {
    if (line.find(part) != std::string::npos) found.push_back(line);
  }
  return found;
}

}  // namespace tasker::test

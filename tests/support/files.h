// Files for tests: reading one of the source tree, and a folder that is gone when the test ends.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace tasker::test {

// The whole content; the test fails when it cannot be read.
std::string read_file(const std::filesystem::path& path);
void write_file(const std::filesystem::path& path, std::string_view content);
// A path inside the source tree: source_path("config/tasker.yaml").
std::filesystem::path source_path(std::string_view relative);

class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace tasker::test

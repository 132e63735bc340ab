// `--pid-file`: a file with the process id for as long as this lives, for init systems that want one. A file that is there
// already is taken over, unless it names another tasker that lives: that one's init system would end the wrong process.
// Another program that got the number of a host that was killed keeps nobody from starting.
#pragma once

#include <string>

#include "base/result.h"

namespace tasker::app {

class PidFile {
 public:
  // An empty path: no file.
  static Result<PidFile> write(std::string path);
  PidFile(PidFile&& other) noexcept;
  PidFile& operator=(PidFile&&) = delete;
  ~PidFile();  // takes the file away while it is still this process's

 private:
  explicit PidFile(std::string path) : path_(std::move(path)) {}

  std::string path_;
};

}  // namespace tasker::app

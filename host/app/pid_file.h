// `--pid-file`: a file with the process id for as long as this lives, for init systems that want one. Its holder keeps it
// locked, and the kernel lets go of the lock however a host ends: a file that is there already is taken over unless another
// tasker holds it, whose init system would end the wrong process. The number in it decides nothing. No link is followed.
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
  ~PidFile();  // takes the file away while it is still this one's

 private:
  PidFile(std::string path, int file) : path_(std::move(path)), file_(file) {}

  std::string path_;
  int file_ = -1;  // locked
};

}  // namespace tasker::app

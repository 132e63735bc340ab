// A secret that lies in a file of its own: a mounted secret of a container, a credential of systemd. [any] thread; blocks on disk.
#pragma once

#include <string>

#include "base/result.h"

namespace tasker::config {

// Its content without the line's end that editors add. Never waits, as for the writer of a pipe. The error is "the file X
// cannot be read: why", with Code::config_invalid.
Result<std::string> read_secret_file(const std::string& path);

}  // namespace tasker::config

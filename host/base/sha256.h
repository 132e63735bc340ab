// SHA-256 as lower-case hex: digests of templates and plugin files. Not for passwords. [any] thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tasker {

std::string sha256_hex(std::string_view bytes);

// Of the whole file behind `fd`, read from its start without moving its offset (pread), so that what is
// hashed is the opened file and not whatever now carries its name. Of its first `most` bytes, when it has more.
Result<std::string> sha256_hex_of_fd(int fd, std::uint64_t most = INT64_MAX);

}  // namespace tasker

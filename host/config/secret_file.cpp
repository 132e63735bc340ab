#include "config/secret_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include <fmt/format.h>

namespace tasker::config {

constexpr std::size_t kLargestSecret = 1u << 20;

Result<std::string> read_secret_file(const std::string& path) {
  const auto refused = [&](std::string_view why) {
    return make_error(Code::config_invalid, fmt::format("the file {} cannot be read: {}", path, why));
  };
  // Not blocking: nobody may ever write into a pipe, and the program would wait for it without a word.
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (file < 0) return refused(std::strerror(errno));
  const auto content_of = [&]() -> Result<std::string> {
    struct stat info {};
    if (::fstat(file, &info) != 0) return refused(std::strerror(errno));
    if (S_ISDIR(info.st_mode)) return refused("it is a folder");
    if (!S_ISREG(info.st_mode)) return refused("it is not a regular file: a pipe, a socket or a device");
    std::string content(kLargestSecret + 1, '\0');
    std::size_t size = 0;
    for (ssize_t got = 1; got > 0 && size < content.size(); size += static_cast<std::size_t>(got)) {
      got = ::read(file, content.data() + size, content.size() - size);
      if (got < 0) return refused(std::strerror(errno));
    }
    if (size > kLargestSecret) return refused("it is larger than 1 MiB");
    content.resize(size);
    return content;
  };
  auto read = content_of();
  ::close(file);
  if (!read) return read;
  std::string content = std::move(*read);
  // Editors and `echo` end a file with a line's end, which no secret has.
  while (content.ends_with('\n') || content.ends_with('\r')) content.pop_back();
  return content;
}

}  // namespace tasker::config

#include "files.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <sstream>
#include <system_error>

namespace package_inventory {
namespace {

[[noreturn]] void fail(const char* what, const std::filesystem::path& file, int reason) {
  throw std::system_error(reason, std::generic_category(), what + file.string());
}

bool write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const auto wrote = ::write(file, text.data(), text.size());
    if (wrote < 0 && errno != EINTR) return false;
    if (wrote > 0) text.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return true;
}

}  // namespace

std::string read_file(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) fail("cannot open ", file, errno);
  std::ostringstream text;
  text << stream.rdbuf();
  if (!stream || !text) fail("cannot read ", file, EIO);
  return std::move(text).str();
}

void write_file(const std::filesystem::path& file, std::string_view text) {
  // A draft of its own for each writer: two attempts of a step may overlap after a takeover.
  std::string draft = (file.parent_path() / ("." + file.filename().string() + ".XXXXXX")).string();
  const int descriptor = ::mkostemp(draft.data(), O_CLOEXEC);
  if (descriptor < 0) fail("cannot create ", draft, errno);
  const bool written = write_all(descriptor, text) && ::fchmod(descriptor, 0644) == 0;
  const bool closed = ::close(descriptor) == 0;
  if (!written || !closed || ::rename(draft.c_str(), file.c_str()) != 0) {
    const int reason = errno;
    ::unlink(draft.c_str());
    fail("cannot write ", file, reason);
  }
}

std::string fingerprint(std::string_view text) {
  std::uint64_t hash = 14695981039346656037U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string name;
  for (int shift = 60; shift >= 0; shift -= 4) name += kDigits[hash >> shift & 15U];
  return name;
}

}  // namespace package_inventory

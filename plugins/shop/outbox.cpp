#include "outbox.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

namespace shop {
namespace {

bool write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const auto wrote = ::write(file, text.data(), text.size());
    if (wrote < 0 && errno != EINTR) return false;
    if (wrote > 0) text.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return true;
}

}  // namespace

std::string read_text(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  if (stream) text << stream.rdbuf();
  if (!stream) throw std::system_error(errno, std::generic_category(), "cannot read " + file.string());
  return std::move(text).str();
}

Outbox::Outbox(std::filesystem::path folder) : folder_(std::move(folder)) {
  std::filesystem::create_directories(folder_);
}

std::filesystem::path Outbox::put(const std::string& name, std::string_view text) const {
  // A name of its own for each writer: after a takeover two hosts may be writing the same confirmation.
  std::string draft = (folder_ / ("." + name + ".XXXXXX")).string();
  auto target = folder_ / name;
  const int file = ::mkostemp(draft.data(), O_CLOEXEC);
  if (file < 0) throw std::system_error(errno, std::generic_category(), "cannot create " + draft);
  const bool written = write_all(file, text) && ::fchmod(file, 0644) == 0;
  const bool closed = ::close(file) == 0;
  if (!written || !closed || ::rename(draft.c_str(), target.c_str()) != 0) {
    const int reason = errno;
    ::unlink(draft.c_str());
    throw std::system_error(reason, std::generic_category(), "cannot write " + target.string());
  }
  return target;
}

std::size_t Outbox::waiting(std::string_view own) const {
  const std::filesystem::directory_iterator files(folder_);
  return static_cast<std::size_t>(std::count_if(begin(files), end(files), [&](const auto& file) {
    const std::string name = file.path().filename().string();
    return name[0] != '.' && (own.empty() || !name.starts_with(own));
  }));
}

}  // namespace shop

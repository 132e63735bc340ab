#include "outbox.h"

#include <fcntl.h>
#include <tasker/sdk/errors.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <system_error>

namespace {

[[noreturn]] void fail(const std::string& what) { throw std::system_error(errno, std::generic_category(), what); }

// Written under a name that nobody looks at: two hosts may be delivering the same message after a takeover.
std::string draft_in(const std::filesystem::path& folder, const std::string& text) {
  std::string draft = (folder / ".draft-XXXXXX").string();
  const int file = mkostemp(draft.data(), O_CLOEXEC);
  if (file < 0) fail("cannot write to " + folder.string());
  const auto written = write(file, text.data(), text.size());
  const bool is_whole = written == static_cast<ssize_t>(text.size()) && fsync(file) == 0;
  if (close(file) != 0 || !is_whole) {
    unlink(draft.c_str());
    fail("cannot write " + draft);
  }
  return draft;
}

}  // namespace

Outbox::Outbox(std::filesystem::path folder) : folder_(std::move(folder)) {
  if (folder_.empty()) throw tasker::PermanentError("the plugin's configuration names no `outbox`", "outbox.no_folder");
  std::filesystem::create_directories(folder_);
}

std::filesystem::path Outbox::path_of(const std::string& id) const {
  std::string name;
  for (const unsigned char c : id) {
    char escaped[4];
    std::snprintf(escaped, sizeof escaped, "%%%02X", c);
    name += std::isalnum(c) || c == '-' || c == '_' ? std::string(1, static_cast<char>(c)) : escaped;
  }
  return folder_ / (name + ".txt");
}

void Outbox::deliver(const std::string& id, const std::string& to, const std::string& subject, const std::string& text) const {
  const bool is_one_line = std::none_of(to.begin(), to.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; });
  if (to.find('@') == std::string::npos || !is_one_line) throw tasker::PermanentError("no address to send to: " + to, "outbox.bad_address");
  const std::string draft = draft_in(folder_, "To: " + to + "\nSubject: " + subject + "\nMessage-ID: " + id + "\n\n" + text + "\n");
  // Unlike rename, link leaves the message that is already there alone.
  const int linked = link(draft.c_str(), path_of(id).c_str());
  const int error = errno;
  unlink(draft.c_str());
  errno = error;
  if (linked != 0 && error != EEXIST) fail("cannot deliver " + path_of(id).string());
}

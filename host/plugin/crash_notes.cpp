#include "plugin/crash_notes.h"

#include <fstream>

namespace tasker::plugin {
namespace {

constexpr std::size_t kMostBytes = 200;

}  // namespace

std::string crash_note_of(const std::filesystem::path& copy) { return std::filesystem::absolute(copy).string() + ".crashed"; }

Result<void> check_crash_note(const std::filesystem::path& copy) {
  const std::string note = crash_note_of(copy);
  std::ifstream file(note, std::ios::binary);
  if (!file.is_open()) return {};
  std::string what(kMostBytes, '\0');
  file.read(what.data(), static_cast<std::streamsize>(what.size()));
  what.resize(static_cast<std::size_t>(file.gcount()));
  what = what.substr(0, what.find('\n'));
  // Empty when the disk was full.
  if (what.empty()) what = "a crash";
  return make_error(Code::plugin_crashed, "it took its host down: " + what + "; a mended build is loaded, these bytes are not run again before " +
                                              note + " is removed and the host started anew");
}

}  // namespace tasker::plugin

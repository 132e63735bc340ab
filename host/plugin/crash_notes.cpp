#include "plugin/crash_notes.h"

#include <fstream>

namespace tasker::plugin {
namespace {

constexpr std::size_t kMostBytes = 200;

}  // namespace

std::string crash_note_of(const std::filesystem::path& copy) { return std::filesystem::absolute(copy).string() + ".crashed"; }

std::optional<std::string> read_crash_note(const std::filesystem::path& copy) {
  std::ifstream file(crash_note_of(copy), std::ios::binary);
  if (!file.is_open()) return std::nullopt;
  std::string what(kMostBytes, '\0');
  file.read(what.data(), static_cast<std::streamsize>(what.size()));
  what.resize(static_cast<std::size_t>(file.gcount()));
  what = what.substr(0, what.find('\n'));
  // Empty when the disk was full.
  return "it took its host down: " + (what.empty() ? "a crash" : what);
}

void remove_crash_note(const std::filesystem::path& copy) {
  std::error_code ignored;
  std::filesystem::remove(crash_note_of(copy), ignored);
}

}  // namespace tasker::plugin

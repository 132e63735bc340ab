#include "plugin/kept_copies.h"

#include <algorithm>

#include "plugin/crash_notes.h"
#include "plugin/intake.h"

namespace tasker::plugin {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kNoteSuffix = ".crashed";
constexpr std::size_t kHashDigits = 64;

bool is_hash(std::string_view text) {
  return text.size() == kHashDigits && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// What a crash left beside a copy that has gone since.
bool is_orphaned_note(const fs::path& path) {
  const fs::path copy = fs::path(path).replace_extension();
  std::error_code failed;
  return path.extension() == kNoteSuffix && is_hash(copy.stem().string()) && copy.extension() == ".so" && !fs::exists(copy, failed) && !failed;
}

bool is_unfinished(const std::string& name) { return name.starts_with("intake.") && name.ends_with(".tmp"); }

Error no_copy(std::string what, Retry retry = Retry::never) {
  return make_error(Code::plugin_not_loaded, std::move(what), retry);
}

}  // namespace

Result<fs::path> find_copy(const fs::path& state_dir, const std::string& sha256, std::string_view suffix) {
  // The hash comes from the database and becomes part of a path.
  if (!is_hash(sha256)) return no_copy("the catalogue holds no hash of its bytes");
  const fs::path copy = state_dir / (sha256 + std::string(suffix));
  std::error_code failed;
  if (!fs::exists(fs::symlink_status(copy, failed)))
    return no_copy("this host keeps no copy of its bytes (sha256 " + sha256.substr(0, 12) +
                   "…); put that file back into the plugins folder");
  const auto hash = hash_file(copy);
  if (!hash) return no_copy("its private copy cannot be read: " + hash.error().message, hash.error().retry);
  if (*hash != sha256) return no_copy("its private copy " + copy.string() + " was altered; remove it and put the file back into the plugins folder");
  return copy;
}

int remove_copies(const fs::path& state_dir, const std::set<std::string>& in_use,
                  const std::vector<NeededVersion>& needed, std::chrono::seconds age) {
  int removed = 0;
  std::error_code failed;
  const auto newest = fs::file_time_type::clock::now() - age;
  std::vector<fs::path> gone;
  for (const auto& entry : fs::directory_iterator(state_dir, failed)) {
    const std::string name = entry.path().filename().string();
    const std::string hash = entry.path().stem().string();
    if (!is_unfinished(name) && !is_orphaned_note(entry.path())) {
      if (!(name.ends_with(".so") || name.ends_with(".yaml")) || !is_hash(hash) || in_use.contains(hash)) continue;
      if (std::any_of(needed.begin(), needed.end(), [&](const auto& each) { return each.sha256 == hash; })) continue;
    }
    std::error_code unknown;
    if (const auto made = entry.last_write_time(unknown); !unknown && made <= newest) gone.push_back(entry.path());
  }
  for (const fs::path& path : gone) {
    remove_crash_note(path);
    if (fs::remove(path, failed) && path.extension() != kNoteSuffix) ++removed;
  }
  return removed;
}

}  // namespace tasker::plugin

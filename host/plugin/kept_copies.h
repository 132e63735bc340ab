// The private copies that outlive their file: open tasks may be pinned to bytes that were overwritten or removed since.
// Says which needed version can be loaded from its copy and why another cannot, and removes the copies that nothing needs.
// Blocks on disk; [loader].
#pragma once

#include <chrono>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "plugin/catalogue.h"

namespace tasker::plugin {

// The copy of these bytes (".so" or ".yaml"), when it is there and its bytes are those. The error says why it cannot be used.
Result<std::filesystem::path> find_copy(const std::filesystem::path& state_dir, const std::string& sha256, std::string_view suffix);

// Removes copies, finished or not, that are neither `in_use` nor `needed` (hashes) and were made at least `age` ago: a
// host that shares the folder may be about to load a newer one. Answers how many went.
int remove_copies(const std::filesystem::path& state_dir, const std::set<std::string>& in_use,
                  const std::vector<NeededVersion>& needed, std::chrono::seconds age);

}  // namespace tasker::plugin

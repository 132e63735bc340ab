// Takes a dropped file in: trust checks on the open descriptor, then a private copy named by its SHA-256. From
// then on only the copy is used, so what was checked is what runs, and nobody can write to mapped code.
// Blocks on disk; runs on the loader's thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/result.h"

namespace tasker::plugin {

struct IntakeLimits {
  std::uint64_t max_bytes = 256ull * 1024 * 1024;
};

struct PrivateCopy {
  std::filesystem::path path;  // <state>/<sha256>.so, or .yaml
  std::string sha256;          // hex
  bool is_new = false;         // not yet synced (sync_copy)
};

// Makes the folder for private copies (0700) and checks that it is ours alone.
Result<void> prepare_state_dir(const std::filesystem::path& dir);

// No library can be mapped from a file system that is mounted noexec: Code::plugin_state_dir, which may pass.
Result<void> check_may_execute(const std::filesystem::path& state_dir);

// Refuses links, other owners, anything that group or others may write (the file, its directory, every parent;
// a sticky world-writable parent such as /tmp is accepted), and files over the limit. Code::not_found: the file
// went away meanwhile. Errors with Retry::later may pass by themselves: a full disk, a parent's mode.
Result<PrivateCopy> take_in(const std::filesystem::path& file, const std::filesystem::path& state_dir,
                            const IntakeLimits& limits);

// The same for a text that was made here.
Result<PrivateCopy> keep_text(const std::string& text, const std::filesystem::path& state_dir);

// What is in a copy, if it is still what was copied.
Result<std::string> read_copy(const PrivateCopy& copy, std::uint64_t max_bytes);

// [any] Brings a new copy to the disk; thousands one by one would hold up a start. What a power failure leaves of one that was
// not synced does not have its hash: it is made anew, or never run.
Result<void> sync_copy(const std::filesystem::path& copy);

// The text of a file that decides what may run, under the same checks.
Result<std::string> read_trusted(const std::filesystem::path& file, std::uint64_t max_bytes);

// The hash of a file's bytes as they are now.
Result<std::string> hash_file(const std::filesystem::path& file);

}  // namespace tasker::plugin

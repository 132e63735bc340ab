// Bytes that took a host down while it opened them or ran their init(): a file beside the private copy, written by the crash
// report while the host died. The next start reads it, refuses these bytes and has the database remember them (loader_bans.cpp), so that
// a host which is started again and again does not die again and again; then the note is removed. Blocks on disk; [loader].
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace tasker::plugin {

// Where the note about this private copy is.
std::string crash_note_of(const std::filesystem::path& copy);

// What happened, when there is one.
std::optional<std::string> read_crash_note(const std::filesystem::path& copy);

void remove_crash_note(const std::filesystem::path& copy);

}  // namespace tasker::plugin

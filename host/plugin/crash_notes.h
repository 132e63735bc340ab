// Bytes that took a host down while it opened them or ran their init(): a file beside the private copy, written by the crash
// report while the host died. They are refused from then on, so that a host which is started again and again does not die again and
// again; other bytes are not concerned. Hosts that share the state folder share it. Blocks on disk; [loader].
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace tasker::plugin {

// Where the note about this private copy is.
std::string crash_note_of(const std::filesystem::path& copy);

// Code::plugin_crashed when there is one, with what happened and what to do.
Result<void> check_crash_note(const std::filesystem::path& copy);

}  // namespace tasker::plugin

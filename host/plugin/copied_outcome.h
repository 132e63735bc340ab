// Turns what a plugin answered into the engine's words: copies, checks, releases. After it nothing of the plugin's
// memory is referenced. [any] thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error_codes.h"
#include "engine/ports.h"
#include "plugin/attempt_limits.h"
#include "tasker/plugin.h"

namespace tasker::plugin {

// Absent text is empty; a NULL with a size is nonsense and counts as invalid.
inline bool is_readable(const tasker_str& text) { return text.data != nullptr || text.size == 0; }
inline std::string_view view(const tasker_str& text) { return {text.data, text.data ? text.size : 0}; }
inline tasker_str text_of(std::string_view text) { return {text.empty() ? nullptr : text.data(), text.size()}; }

// Text for people from a plugin: valid UTF-8 without NUL, cut at `limit` with a mark.
std::string clean_text(const tasker_str& text, std::size_t limit);

engine::AttemptOutcome failed(Code code, std::string message);

// An outcome that breaks the contract becomes FAIL with plugin.bad_outcome or plugin.bad_result. `stop_bits`:
// CANCELLED counts only when the plugin had been asked to stop. Calls release exactly once, whatever it finds.
engine::AttemptOutcome copy_and_release(const tasker_outcome& outcome, std::uint32_t stop_bits,
                                        const AttemptLimits& limits);
// For outcomes that are dropped.
void release(const tasker_outcome& outcome);

}  // namespace tasker::plugin

// Passwords and tokens in text that people read: log lines, the shown configuration, error sentences. Known by their
// place (a password in a URI, `password=...`, "token": "...") or by their value, once it was hidden. Not encryption,
// and no proof that a text holds none: what a plugin writes under another name is not known here. [any] thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tasker {

inline constexpr std::string_view kMask = "***";

// The text with *** in place of every secret that is known by its place or was hidden.
std::string masked(std::string_view text);

// The secrets that are known by their place, as written and, where they are percent-encoded, as meant.
std::vector<std::string> secrets_in(std::string_view text);

// From now on `masked` takes this value out wherever it stands. Values under five bytes are not taken: they would
// take innocent words out of every line.
void hide(std::string secret);

}  // namespace tasker

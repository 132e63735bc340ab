// Texts that people send: what may stand in a mail's headers, what is an address; and short names for long
// keys. Pure.
#pragma once

#include <string>
#include <string_view>

namespace shop {

// Without control characters, which would let a field add lines to a mail's headers.
bool is_plain(std::string_view text);
bool is_email(std::string_view text);
std::string lower_case(std::string text);  // ASCII

// FNV-1a in 16 hexadecimal digits: the same in every run. Nothing secret depends on it.
std::string fingerprint(std::string_view text);

std::string escape_html(std::string_view text);

}  // namespace shop

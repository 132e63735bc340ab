// Files as whole texts. Writing is atomic: a reader, or a step that runs again, finds the old file or the new
// one. All throw std::system_error with the path in it. Any thread.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace package_inventory {

std::string read_file(const std::filesystem::path& file);
void write_file(const std::filesystem::path& file, std::string_view text);

// FNV-1a in hexadecimal: names a content, guards no secret.
std::string fingerprint(std::string_view text);

}  // namespace package_inventory

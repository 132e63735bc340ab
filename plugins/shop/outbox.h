// A folder for what others collect: the mail agent, the warehouse, the next step. A file appears whole or not
// at all, and writing the same again replaces it by the same bytes. Constant after construction; any thread.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace shop {

// A file's whole content. Throws std::system_error.
std::string read_text(const std::filesystem::path& file);

class Outbox {
 public:
  // Makes the folder if need be; throws std::filesystem::filesystem_error.
  explicit Outbox(std::filesystem::path folder);

  // Throws std::system_error. Returns the file's path.
  std::filesystem::path put(const std::string& name, std::string_view text) const;

  // How many files lie in it, drafts and those whose names begin with `own` left out, unless it is empty.
  // Throws std::filesystem::filesystem_error.
  std::size_t waiting(std::string_view own = {}) const;

 private:
  std::filesystem::path folder_;
};

}  // namespace shop

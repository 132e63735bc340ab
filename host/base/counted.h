// A number with its noun, as people write it: "1 key", "2 keys". For nouns whose plural is an s. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tasker {

inline std::string counted(std::size_t number, std::string_view noun) {
  return std::to_string(number) + " " + std::string(noun) + (number == 1 ? "" : "s");
}

}  // namespace tasker

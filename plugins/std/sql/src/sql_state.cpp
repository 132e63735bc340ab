#include "sql_state.h"

#include <algorithm>
#include <array>

namespace std_sql {

bool is_retryable(std::string_view sqlstate) {
  constexpr std::array<std::string_view, 5> kClasses = {"08", "40", "53", "57", "58"};
  return sqlstate == "55P03" || sqlstate == "25006" ||
         std::any_of(kClasses.begin(), kClasses.end(), [&](auto start) { return sqlstate.starts_with(start); });
}

}  // namespace std_sql

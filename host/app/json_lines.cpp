#include "app/json_lines.h"

#include <cstdio>

#include "base/json_value.h"

namespace tasker::app {

ExitCode print_lines_of(std::string_view body, std::string_view list) {
  const auto parsed = json::parse(body, {.max_bytes = 64u << 20});
  const auto* items = parsed ? parsed->find(list) : nullptr;
  if (items == nullptr || !items->is(JsonKind::array))
    return report(make_error(Code::server_bad_answer, "the server's answer is no list; are both of the same version?"));
  for (const auto& item : items->items) {
    std::fwrite(item.text.data(), 1, item.text.size(), stdout);
    std::fputc('\n', stdout);
  }
  return ExitCode::ok;
}

}  // namespace tasker::app

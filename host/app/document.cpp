#include "app/document.h"

#include <cstdio>

#include "app/yaml_text.h"
#include "base/json_value.h"

namespace tasker::app {
namespace {

void print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  if (!text.ends_with('\n')) std::fputc('\n', stdout);
  std::fflush(stdout);
}

}  // namespace

bool is_document(OutputFormat format) { return format == OutputFormat::json || format == OutputFormat::yaml; }

ExitCode print_document(std::string_view json, OutputFormat format, bool one_of_many) {
  if (format != OutputFormat::yaml) {
    print(json);
    return ExitCode::ok;
  }
  const auto yaml = yaml_of(json);
  if (!yaml) return report(make_error(Code::server_bad_answer, "the server's answer is no JSON; does --server name a tasker?"));
  if (one_of_many) print("---");
  print(*yaml);
  return ExitCode::ok;
}

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

#include "plugin/bound_workflow.h"

#include <charconv>
#include <sstream>

namespace tasker::plugin {
namespace {

// YAML takes these lines for comments.
constexpr std::string_view kHead = "#!bound ";
constexpr std::size_t kMostBindings = 100'000;

std::string mark_of(std::string_view sha256) { return "bound." + std::string(sha256.substr(0, 8)); }

Error not_bound() { return make_error(Code::plugin_untrusted_file, "its private copy is not a bound workflow"); }

// The line behind kHead, without it; `from` moves on.
std::string_view next_line(std::string_view& from) {
  const auto end = from.find('\n');
  if (!from.starts_with(kHead) || end == std::string_view::npos) return {};
  const auto line = from.substr(kHead.size(), end - kHead.size());
  from.remove_prefix(end + 1);
  return line;
}

}  // namespace

std::string write_bound(const std::vector<Binding>& bindings, const std::string& source) {
  std::string text = std::string(kHead) + std::to_string(bindings.size()) + "\n";
  for (const Binding& each : bindings)
    text.append(kHead).append(each.namespace_name).append(" ").append(each.name).append(" ").append(each.version).append(" ").append(each.sha256).append("\n");
  return text + source;
}

Result<BoundWorkflow> read_bound(const std::string& text) {
  std::string_view rest = text;
  const std::string_view number = next_line(rest);
  std::size_t count = 0;
  const auto [end, failed] = std::from_chars(number.data(), number.data() + number.size(), count);
  if (failed != std::errc() || end != number.data() + number.size() || count > kMostBindings) return not_bound();
  BoundWorkflow bound;
  for (std::size_t i = 0; i < count; ++i) {
    std::istringstream words{std::string(next_line(rest))};
    Binding binding;
    if (!(words >> binding.namespace_name >> binding.name >> binding.version >> binding.sha256)) return not_bound();
    bound.bindings.push_back(std::move(binding));
  }
  bound.source = rest;
  return bound;
}

std::string bound_version(std::string_view base, std::string_view sha256) {
  return std::string(base) + (base.find('+') == std::string_view::npos ? "+" : ".") + mark_of(sha256);
}

std::string_view base_of_bound(std::string_view version) {
  const auto mark = version.rfind("bound.");
  return mark == std::string_view::npos || mark == 0 ? version : version.substr(0, mark - 1);
}

bool is_bound_version(std::string_view version, std::string_view sha256) { return version.ends_with(mark_of(sha256)); }

}  // namespace tasker::plugin

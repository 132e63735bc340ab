#include "plugin/file_rows.h"

#include <spdlog/fmt/fmt.h>

#include "base/json.h"
#include "base/timestamp.h"

namespace tasker::plugin {
namespace {

std::string or_null(const std::string& text) { return text.empty() ? "null" : json_quote(text); }

std::string row_of(const PluginRecord& record) {
  return fmt::format(R"({{"namespace":{},"name":{},"version":{},"state":{},"sha256":{},"hosts":0,"code":{},"reason":{},)"
                     R"("since":{},"file":{}}})",
                     json_quote(record.namespace_name), json_quote(record.name), json_quote(record.version),
                     json_quote(plugin_state_text(record.state)), or_null(record.sha256), or_null(record.code),
                     or_null(record.reason), json_quote(rfc3339(record.since)), json_quote(record.path));
}

std::string row_of(const IgnoredFile& odd) {
  return fmt::format(R"({{"state":"ignored","hosts":0,"code":{},"reason":{},"since":{},"file":{}}})",
                     json_quote(odd.code), json_quote(odd.reason), json_quote(rfc3339(odd.since)), json_quote(odd.file));
}

}  // namespace

std::string rows_of_files(const std::vector<PluginRecord>& records, const std::vector<IgnoredFile>& ignored) {
  std::string rows;
  const auto add = [&rows](const std::string& row) { rows += (rows.empty() ? "" : ",") + row; };
  for (const auto& record : records)
    if (record.state < PluginState::active || record.state == PluginState::refused) add(row_of(record));  // others are in the catalogue
  for (const auto& odd : ignored) add(row_of(odd));
  return rows;
}

// Of several with one name the loaded one: a refused file of that version may lie beside it.
std::string row_of_version(const std::vector<PluginRecord>& records, std::string_view namespace_name, std::string_view name,
                           std::string_view version) {
  const PluginRecord* found = nullptr;
  for (const auto& record : records)
    if (record.namespace_name == namespace_name && record.name == name && record.version == version &&
        (found == nullptr || record.state != PluginState::refused))
      found = &record;
  if (found == nullptr) return {};
  const bool runs = found->state == PluginState::active || found->state == PluginState::draining || found->state == PluginState::quarantined;
  std::string row = row_of(*found);
  row.pop_back();
  return row + fmt::format(R"(,"isolation":{}}})", !runs ? "null" : found->is_isolated ? R"("process")" : R"("in_process")");
}

}  // namespace tasker::plugin

#include "config/view.h"

#include "base/json.h"
#include "base/secrets.h"
#include "config/keys.h"

namespace tasker::config {

std::vector<ViewRow> view_of(const Settings& settings, const Origins& origins) {
  std::vector<ViewRow> rows;
  for (const Key& key : keys()) {
    const Shown shown = key.show(settings);
    const std::string value = masked(shown.value);
    const auto found = origins.find(key.path());
    rows.push_back({key.path(), value, shown.is_text ? json_quote(value) : value,
                    found == origins.end() ? "default" : found->second});
  }
  return rows;
}

std::vector<Change> changes_between(const Settings& before, const Settings& after) {
  std::vector<Change> changes;
  for (const Key& key : keys()) {
    const std::string was = key.show(before).value, is = key.show(after).value;
    if (was != is) changes.push_back({key.path(), masked(was), masked(is), key.is_reloadable});
  }
  return changes;
}

void hide_secrets_of(const Settings& settings) {
  for (const Key& key : keys())
    if (key.may_be_secret)
      for (std::string& secret : secrets_in(key.show(settings).value)) hide(std::move(secret));
}

}  // namespace tasker::config

// Versions that open tasks have and whose file lies in the folder no more: loaded from their private copies, or told why
// not; and what can only be judged once the folder has been taken in.
#include <algorithm>
#include <boost/asio/post.hpp>
#include <set>
#include <utility>

#include "base/log.h"
#include "base/secrets.h"
#include "base/yaml_tree.h"
#include "plugin/dev_version.h"
#include "plugin/kept_copies.h"
#include "plugin/loader_core.h"

namespace tasker::plugin {

namespace asio = boost::asio;
using Steady = std::chrono::steady_clock;

// Before a copy is tried again that failed for something that may pass.
constexpr auto kSoon = std::chrono::seconds(1);

void Loader::Core::look_for_needed_at_first() {
  if (!has_asked) look_for_needed();
}

void Loader::Core::look_for_needed() {
  if (is_asking || is_stopping || !orders || !book.has_settled()) return;  // without orders bytes would run that are not to be tried again
  has_asked = is_asking = true;
  catalogue.find_needed([weak = weak_from_this()](Result<std::vector<NeededVersion>> answer) {
    if (const auto self = weak.lock())
      asio::post(self->io, [weak, answer = std::move(answer)] {
        if (const auto core = weak.lock()) core->on_needed(answer);
      });
  });
}

void Loader::Core::on_needed(const Result<std::vector<NeededVersion>>& answer) {
  is_asking = false;
  if (is_stopping) return;
  if (!answer)
    return log_failure(LogLevel::warn, answer.error(),
                       "which plugin versions open tasks need could not be asked, it is tried again in {} s: {}",
                       std::chrono::duration_cast<std::chrono::seconds>(options.rescan).count());
  std::map<std::string, Unavailable> before = std::move(unavailable);
  unavailable.clear();
  std::set<std::string> in_use;
  for (const NeededVersion& needed : *answer) {
    const std::string label = needed.namespace_name + "/" + needed.name + " " + needed.version;
    std::set<std::string> labels{label};
    for (const Binding& part : parts_of(needed)) {
      labels.insert(part.label());
      in_use.insert(part.sha256);
    }
    for (const std::string& each : labels)
      if (const auto told = before.find(each); told != before.end()) unavailable.insert(*told);
    if (!is_loaded(label)) load_kept(label, needed);
  }
  for (const Entry& entry : entries)
    if (entry.plugin || entry.record.state < PluginState::active) in_use.insert(entry.record.sha256);
  if (const int gone = remove_copies(options.state, in_use, *answer, options.keep_copies); gone > 0)
    log_info("{} private copies of plugins that no open task needs were removed", gone);
  if (!std::exchange(has_checked_configuration, true)) check_configuration();
}

bool Loader::Core::is_loaded(const std::string& label) const {
  return std::any_of(entries.begin(), entries.end(),
                     [&](const Entry& entry) { return entry.plugin && entry.label() == label; });
}

void Loader::Core::load_kept(const std::string& label, const NeededVersion& needed) {
  if (const auto told = unavailable.find(label); told != unavailable.end() && told->second.is_final) {
    if (needed.hosts == 0 && std::exchange(told->second.is_left, false))
      say_unavailable(needed, std::exchange(told->second.why, {}), true);
    return;
  }
  if (is_bound_version(needed.version, needed.sha256)) return load_kept_workflow(needed);
  const bool is_under_way = std::any_of(entries.begin(), entries.end(), [&](const Entry& entry) {
    return entry.record.sha256 == needed.sha256 && entry.label() == label && entry.record.state < PluginState::active;
  });
  if (is_under_way) return;  // several may need it
  const std::string file = needed.name + "-" + version_in_file(needed.version, needed.sha256) + ".so";
  const auto name = parse_file_name(needed.namespace_name, file);
  const auto copy = find_copy(options.state, needed.sha256, ".so");
  if (!name || !copy) {
    if (!copy && copy.error().retry == Retry::later) look_for_needed_soon();
    if (needed.hosts == 0) say_unavailable(needed, (name ? copy.error() : name.error()).message, false);
    return;
  }
  Entry& entry = add(needed.namespace_name + "/" + file, *name);
  entry.is_kept = true;
  entry.is_elsewhere = needed.hosts > 0;
  entry.record.version = needed.version;
  entry.record.sha256 = needed.sha256;
  load(entry, *name, *copy);
}

void Loader::Core::kept_failed(Entry& entry, const Error& error) {
  const bool is_not_allowed = error.code == Code::plugin_not_allowed;  // until the list has changed
  if (error.retry == Retry::never && !is_not_allowed) return give_up(entry, error.message);
  const PluginRecord& record = entry.record;
  if (!entry.is_elsewhere)
    say_unavailable({record.namespace_name, record.name, record.version, record.sha256},
                    "its private copy cannot be used yet: " + error.message, false);
  forget(entry);
  if (!is_not_allowed) look_for_needed_soon();
}

void Loader::Core::look_for_needed_soon() {
  needed_timer.expires_after(kSoon);
  needed_timer.async_wait([self = shared_from_this()](const boost::system::error_code& cancelled) {
    if (!cancelled) self->look_for_needed();
  });
}

void Loader::Core::give_up(Entry& entry, const std::string& why) {
  if (entry.plugin && entry.plugin->retire(Steady::now() + std::chrono::seconds(1))) entry.plugin->close();
  const PluginRecord& record = entry.record;
  const std::string sentence = "its private copy cannot be used: " + why;
  if (entry.is_elsewhere) {
    unavailable[entry.label()] = {sentence, true, true};
    log_warn("plugin {} is left to other hosts: {}", entry.label(), sentence);
    return forget(entry);
  }
  say_unavailable({record.namespace_name, record.name, record.version, record.sha256}, sentence, true);
  forget(entry);
}

void Loader::Core::say_unavailable(const NeededVersion& needed, std::string why, bool is_final) {
  PluginRecord record{needed.namespace_name, needed.name, needed.version, needed.sha256, PluginState::unavailable,
                      std::string(code_text(Code::plugin_not_loaded)), "", "", std::chrono::system_clock::now()};
  const std::string in_file = version_in_file(needed.version, needed.sha256);
  for (const Entry& other : entries)
    if (other.record.state == PluginState::refused && other.record.version == in_file &&
        other.record.namespace_name == needed.namespace_name && other.record.name == needed.name)
      why += "; the file that lies there is refused (" + other.record.code + ")";
  Unavailable& told = unavailable[record.namespace_name + "/" + record.name + " " + record.version];
  told.is_final = is_final;
  if (std::exchange(told.why, why) == why) return;
  record.reason = masked(why);
  catalogue.note_state(record);
  const std::string label = record.namespace_name + "/" + record.name + " " + record.version;
  log_about(LogLevel::warn, {.code = record.code, .plugin = label},
            "open tasks wait for plugin {}, which no living host has loaded: {} ({})", label, record.reason, record.code);
  if (options.on_change) options.on_change(record);
}

void Loader::Core::check_configuration() {
  std::set<std::string> known;
  for (const Entry& entry : entries) known.insert(entry.plugin_name());
  const std::vector<std::string_view> names(known.begin(), known.end());
  for (const std::string& section : options.configured) {
    if (known.contains(section)) continue;
    const std::string_view near = yaml::nearest(section, names);
    const std::string sentence = "the configuration has a section for plugin " + section + ", but no such plugin lies in " +
                                 options.plugins.string() + (near.empty() ? "" : "; did you mean " + std::string(near) + "?");
    log_warn("{}", sentence);
    if (options.on_warning) options.on_warning(sentence);
  }
}

}  // namespace tasker::plugin

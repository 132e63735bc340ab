// What operators decided about versions, on whatever host: asked for again and again, and carried out here. A retired version drains as
// one whose file was removed, and is not loaded from its file again until that is taken back; a pinned default goes into the registry; what
// was refused or quarantined is tried again.
#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "base/log.h"
#include "plugin/dev_version.h"
#include "plugin/loader_core.h"

namespace tasker::plugin {
namespace {

namespace asio = boost::asio;

std::string key_of(const std::string& namespace_name, const std::string& name, const std::string& sha256) {
  return namespace_name + "/" + name + " " + sha256;
}

}  // namespace

void Loader::Core::look_for_orders() {
  if (is_stopping) return;
  if (std::exchange(is_asking_orders, true)) {
    ask_orders_again = true;
    return;
  }
  catalogue.find_orders(orders ? orders->revision : -1, [weak = weak_from_this()](Result<std::optional<PluginOrders>> answer) {
    if (const auto self = weak.lock())
      asio::post(self->io, [weak, answer = std::move(answer)] {
        if (const auto core = weak.lock()) core->on_orders(answer);
      });
  });
}

void Loader::Core::on_orders(const Result<std::optional<PluginOrders>>& answer) {
  is_asking_orders = false;
  if (is_stopping) return;
  if (!answer) log_debug("what operators decided about plugins could not be asked: {}", answer.error().message);
  if (answer && *answer) carry_out(**answer);
  tell_bans();
  if (std::exchange(ask_orders_again, false)) return look_for_orders();
  orders_timer.expires_after(options.orders_look);
  orders_timer.async_wait([self = shared_from_this()](const boost::system::error_code& cancelled) {
    if (!cancelled) self->look_for_orders();
  });
}

void Loader::Core::carry_out(const PluginOrders& now) {
  const bool is_first = !orders;
  const bool moves_defaults = !orders || orders->defaults != now.defaults;
  const auto before = std::exchange(retired, {});
  orders = now;
  take_bans(now.banned);
  for (const RetiredVersion& each : now.retired) retired[key_of(each.namespace_name, each.name, each.sha256)] = each;
  bool drains = false;
  for (Entry& entry : entries) {
    if (!entry.ids || !is_retired(entry)) continue;
    if (entry.record.state == PluginState::active)
      enter_and_publish(entry, PluginState::draining, kRetiredText);
    else if (entry.record.state == PluginState::quarantined)
      entry.is_to_drain = true;
    else
      continue;
    drains = true;
  }
  if (drains) ask_needs_soon();
  if (moves_defaults) publish_registry();
  for (const auto& [key, version] : before)
    if (!retired.contains(key)) resume(version);
  for (const RetriedVersion& version : now.retried) try_again(version);
  bind_soon();
  if (is_first) take_quiet();
}

bool Loader::Core::is_retired(const Entry& entry) const {
  if (entry.is_workflow()) return is_workflow_retired(entry.record.namespace_name, entry.record.name, entry.record.version);
  const auto found = retired.find(key_of(entry.record.namespace_name, entry.record.name, entry.record.sha256));
  return found != retired.end() && found->second.version == entry.record.version;
}

// Whatever it is bound to: the next plugin that comes would undo it.
bool Loader::Core::is_workflow_retired(const std::string& namespace_name, const std::string& name, const std::string& version) const {
  return std::any_of(retired.begin(), retired.end(), [&](const auto& each) {
    const RetiredVersion& known = each.second;
    return known.namespace_name == namespace_name && known.name == name && is_bound_version(known.version, known.sha256) &&
           base_of_bound(known.version) == base_of_bound(version);
  });
}

bool Loader::Core::is_pinned(const Entry& entry) const {
  return orders && std::any_of(orders->defaults.begin(), orders->defaults.end(), [&](const PinnedDefault& pinned) {
    return pinned.namespace_name == entry.record.namespace_name && pinned.name == entry.record.name && pinned.version == entry.record.version;
  });
}

const RetiredVersion* Loader::Core::find_retired(const PluginFileName& name, const std::string& sha256) const {
  const auto found = retired.find(key_of(name.namespace_name, name.name, sha256));
  return found == retired.end() ? nullptr : &found->second;
}

// Its file decides, as when it had just been dropped; without one it goes on draining, for that reason.
void Loader::Core::resume(const RetiredVersion& version) {
  const std::string file = version.namespace_name + "/" + version.name + "-" + version_in_file(version.version, version.sha256) + ".so";
  const auto known = files.find(file);
  if (known != files.end() && known->second.handled) return take(file);
  for (Entry* entry : loaded(file))
    if (entry->record.sha256 == version.sha256 && entry->record.state == PluginState::draining && !entry->is_leaving)
      enter(*entry, PluginState::draining, "", kDrainingText);
}

}  // namespace tasker::plugin

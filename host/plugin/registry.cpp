#include "plugin/registry.h"

#include <functional>
#include <optional>

namespace tasker::plugin {
namespace {

// Builds of one version are equal in order; the one activated last is the newest.
bool is_newer(const RegistryEntry& a, const RegistryEntry& b) {
  if (const auto order = a.version <=> b.version; order != 0) return order > 0;
  return a.sequence > b.sequence;
}

using Wanted = std::function<bool(const Semver&)>;

Result<Wanted> wanted_versions(std::string_view text) {
  if (text.empty()) return Wanted([](const Semver& version) { return version.is_stable(); });
  if (const auto exact = Semver::parse(text)) {
    return Wanted([wanted = *exact](const Semver& version) {
      return wanted.build.empty() ? wanted == version : wanted.identical(version);
    });
  }
  auto range = VersionRange::parse(text);
  if (!range) return range.error();
  return Wanted([wanted = std::move(*range)](const Semver& version) { return wanted.matches(version); });
}

Error unknown_version(std::string_view handler, std::string_view version, bool is_draining) {
  if (is_draining)
    return make_error(Code::version_unknown, std::string(handler) + ": the only version that fits is being retired and takes no new tasks");
  if (version.empty())
    return make_error(Code::version_unknown, std::string(handler) + " has no stable version loaded; name a pre-release to use it");
  return make_error(Code::version_unknown, std::string(handler) + " has no loaded version that fits " + std::string(version));
}

}  // namespace

Registry::Registry()
    : entries_(std::make_shared<const std::vector<RegistryEntry>>()), snapshot_([] {
        auto empty = std::make_shared<engine::CatalogSnapshot>();
        empty->plugins = std::make_shared<const std::vector<PluginId>>();
        return empty;
      }()) {}

Registry::Entries Registry::current() const {
  const std::lock_guard lock(mutex_);
  return entries_;
}

std::shared_ptr<const engine::CatalogSnapshot> Registry::snapshot() const {
  const std::lock_guard lock(mutex_);
  return snapshot_;
}

std::vector<RegistryEntry> Registry::entries() const { return *current(); }

Result<RegistryEntry> Registry::find(std::string_view namespace_name, std::string_view name,
                                     std::string_view version) const {
  const auto wanted = wanted_versions(version);
  if (!wanted) return wanted.error();
  const Entries entries = current();
  const RegistryEntry* best = nullptr;
  bool namespace_known = false, name_known = false, is_draining = false;
  for (const RegistryEntry& entry : *entries) {
    if (entry.namespace_name != namespace_name) continue;
    namespace_known = true;
    if (entry.name != name) continue;
    name_known = true;
    if (!(*wanted)(entry.version)) continue;
    if (!entry.accepts_tasks)
      is_draining = true;
    else if (!best || is_newer(entry, *best))
      best = &entry;
  }
  if (best) return *best;
  if (!namespace_known)
    return make_error(Code::namespace_unknown, "no plugin of namespace " + std::string(namespace_name) + " is loaded");
  const std::string handler = std::string(namespace_name) + "/" + std::string(name);
  if (!name_known) return make_error(Code::unknown_handler, "no plugin " + handler + " is loaded");
  return unknown_version(handler, version, is_draining);
}

void Registry::publish(std::vector<RegistryEntry> entries) {
  auto snapshot = std::make_shared<engine::CatalogSnapshot>();
  auto plugins = std::make_shared<std::vector<PluginId>>();
  for (const RegistryEntry& entry : entries) {
    plugins->push_back(entry.loaded.plugin_id);
    snapshot->templates.emplace(entry.loaded.template_id, entry.loaded);
  }
  snapshot->plugins = std::move(plugins);
  snapshot->generation = generation_.load() + 1;
  auto shared = std::make_shared<const std::vector<RegistryEntry>>(std::move(entries));
  const std::uint64_t generation = snapshot->generation;
  {
    const std::lock_guard lock(mutex_);
    entries_ = std::move(shared);
    snapshot_ = std::move(snapshot);
  }
  // After the pointers: who sees the new number finds at least that snapshot.
  generation_.store(generation, std::memory_order_release);
}

}  // namespace tasker::plugin

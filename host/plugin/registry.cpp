#include "plugin/registry.h"

#include <utility>

namespace tasker::plugin {
namespace {

// The index as this thread saw it last. Handlers are not in it: a thread that is idle for hours must not keep a plugin loaded.
struct SeenIndex {
  std::uint64_t registry = 0, generation = 0;
  std::shared_ptr<const VersionIndex> index;
};

std::uint64_t next_number() {
  static std::atomic<std::uint64_t> last{0};
  return last.fetch_add(1) + 1;
}

}  // namespace

Registry::Registry() : number_(next_number()), published_(make({}, {}, 0)) {}

std::shared_ptr<const Registry::Published> Registry::make(std::vector<RegistryEntry> entries,
                                                            const std::vector<PinnedDefault>& defaults, std::uint64_t generation) {
  auto snapshot = std::make_shared<engine::CatalogSnapshot>();
  auto plugins = std::make_shared<std::vector<PluginId>>();
  std::vector<IndexedVersion> versions;
  for (const RegistryEntry& entry : entries) {
    plugins->push_back(entry.loaded.plugin_id);
    snapshot->templates.emplace(entry.loaded.template_id, entry.loaded);
    versions.push_back({entry.namespace_name, entry.name, entry.version, entry.version.text(), entry.sequence, entry.accepts_tasks,
                        entry.loaded.template_id, entry.loaded.definition, versions.size()});
  }
  snapshot->plugins = std::move(plugins);
  snapshot->generation = generation;
  return std::make_shared<const Published>(
      Published{std::move(entries), std::make_shared<const VersionIndex>(std::move(versions), defaults), std::move(snapshot)});
}

std::shared_ptr<const Registry::Published> Registry::current() const {
  const std::lock_guard lock(mutex_);
  return published_;
}

std::shared_ptr<const engine::CatalogSnapshot> Registry::snapshot() const { return current()->snapshot; }

std::vector<RegistryEntry> Registry::entries() const { return current()->entries; }

Result<std::shared_ptr<const IndexedVersion>> Registry::choose(std::string_view namespace_name, std::string_view name,
                                                               std::string_view version) const {
  thread_local SeenIndex seen;
  if (seen.registry != number_ || seen.generation != generation() || !seen.index) {
    const auto now = current();
    seen = {number_, now->snapshot->generation, now->index};
  }
  const auto found = seen.index->find(namespace_name, name, version);
  if (!found) return found.error();
  return std::shared_ptr<const IndexedVersion>(seen.index, *found);
}

Result<RegistryEntry> Registry::find(std::string_view namespace_name, std::string_view name,
                                     std::string_view version) const {
  const auto now = current();
  const auto found = now->index->find(namespace_name, name, version);
  if (!found) return found.error();
  return now->entries[(*found)->place];
}

void Registry::publish(std::vector<RegistryEntry> entries, const std::vector<PinnedDefault>& defaults) {
  const std::uint64_t generation = generation_.load() + 1;
  auto made = make(std::move(entries), defaults, generation);
  {
    const std::lock_guard lock(mutex_);
    published_.swap(made);
  }
  // After the pointer: who sees the new number finds at least that snapshot.
  generation_.store(generation, std::memory_order_release);
}

}  // namespace tasker::plugin

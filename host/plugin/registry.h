// Which plugin versions can be used now: immutable snapshots that the loader publishes, and the lookup by namespace,
// name and version. Readers compare a generation number and take the lock only when it has moved. [any] thread;
// publish(): [loader].
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/semver.h"
#include "engine/ports.h"
#include "plugin/version_index.h"

namespace tasker::plugin {

struct RegistryEntry {
  std::string namespace_name;
  std::string name;
  Semver version;
  std::uint64_t sequence = 0;  // grows with every activation; decides between builds of one version
  bool accepts_tasks = true;   // false while draining: claimed for tasks that have it, not chosen for new ones
  engine::LoadedTemplate loaded;
};

class Registry final : public engine::HandlerCatalog {
 public:
  Registry();

  std::uint64_t generation() const override { return generation_.load(std::memory_order_acquire); }
  std::shared_ptr<const engine::CatalogSnapshot> snapshot() const override;

  // `version`: empty for the pinned default, else the newest stable one; exact ("1.2.0", which means the newest build of it, or with build
  // metadata that build alone); or a range ("^1.2"), in which the pinned default comes before newer ones. Code::namespace_unknown,
  // unknown_handler, version_unknown, default_unavailable.
  // Without a lock while nothing has been published: asked for every task that is created.
  Result<std::shared_ptr<const IndexedVersion>> choose(std::string_view namespace_name, std::string_view name,
                                                       std::string_view version) const;
  // The same with its handlers, which keep it loaded.
  Result<RegistryEntry> find(std::string_view namespace_name, std::string_view name, std::string_view version) const;
  std::vector<RegistryEntry> entries() const;

  void publish(std::vector<RegistryEntry> entries, const std::vector<PinnedDefault>& defaults = {});

 private:
  struct Published {
    std::vector<RegistryEntry> entries;
    std::shared_ptr<const VersionIndex> index;  // of these entries
    std::shared_ptr<const engine::CatalogSnapshot> snapshot;
  };
  static std::shared_ptr<const Published> make(std::vector<RegistryEntry> entries, const std::vector<PinnedDefault>& defaults,
                                               std::uint64_t generation);
  std::shared_ptr<const Published> current() const;

  const std::uint64_t number_;  // of this registry in the process
  std::atomic<std::uint64_t> generation_{0};
  mutable std::mutex mutex_;  // guards the pointer, never what it points to
  std::shared_ptr<const Published> published_;
};

}  // namespace tasker::plugin

// Which version is meant: an immutable index of what new tasks may take, by namespace and name, each with its versions from the
// newest to the oldest. It holds no handlers, so that whoever keeps an old one keeps no plugin in the process. [any]
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/semver.h"
#include "model/task_template.h"

namespace tasker::plugin {

struct IndexedVersion {
  std::string namespace_name;
  std::string name;
  Semver version;
  std::string text;            // of the version
  std::uint64_t sequence = 0;  // decides between builds of one version
  bool accepts_tasks = true;
  TemplateId template_id{};
  std::shared_ptr<const model::TaskTemplate> definition;
  std::size_t place = 0;       // in the list that the index was made of
};

// The version that an operator chose for new tasks without one, on all hosts.
struct PinnedDefault {
  std::string namespace_name, name;
  std::string version;
  bool operator==(const PinnedDefault&) const = default;
};

class VersionIndex {
 public:
  explicit VersionIndex(std::vector<IndexedVersion> versions, const std::vector<PinnedDefault>& defaults = {});

  // As Registry::find. The answer lives as long as the index.
  Result<const IndexedVersion*> find(std::string_view namespace_name, std::string_view name, std::string_view version) const;

 private:
  struct Versions {
    std::vector<const IndexedVersion*> list;
    std::string pinned;  // empty: none is
    std::optional<Semver> pinned_version;
  };
  struct Key {
    std::string_view namespace_name, name;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const {
      const std::hash<std::string_view> hash;
      return hash(key.namespace_name) * 31 + hash(key.name);
    }
  };
  Error unknown(const Key& key) const;

  const std::uint64_t number_;  // of this index in the process
  std::vector<IndexedVersion> versions_;  // never moved: the keys are views of its texts
  std::unordered_map<Key, Versions, KeyHash> by_name_;
  std::unordered_set<std::string_view> namespaces_;
};

}  // namespace tasker::plugin

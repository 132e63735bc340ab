#include "snapshot.h"

#include <tasker/sdk.h>

#include <utility>

#include "files.h"

namespace package_inventory {

using nlohmann::json;

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Package, name, architecture, section, priority, maintainer, installed_kib,
                                   essential, depends, provides)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Graph, dependents, edges, unmet)

namespace {

template <class T>
T load(const std::filesystem::path& file) {
  try {
    return json::parse(read_file(file)).get<T>();
  } catch (const std::exception& error) {
    throw tasker::PermanentError(
        std::string("a file that an earlier step left cannot be used: ") + error.what(),
        "inventory.snapshot_gone");
  }
}

}  // namespace

Snapshot::Snapshot(std::filesystem::path folder, std::string id)
    : folder_(std::move(folder)), id_(std::move(id)) {}

void Snapshot::save_packages(const std::vector<Package>& packages) const {
  // Old entries are not always UTF-8; the later steps read only this file, so mending them here is enough.
  write_file(file("packages"), json(packages).dump(-1, ' ', false, json::error_handler_t::replace));
}
void Snapshot::save_graph(const Graph& graph) const {
  write_file(file("graph"), json(graph).dump());
}
void Snapshot::save_orphans(const std::vector<Package>& orphans) const {
  write_file(file("orphans"), json(orphans).dump());
}

std::vector<Package> Snapshot::packages() const {
  return load<std::vector<Package>>(file("packages"));
}
Graph Snapshot::graph() const {
  return load<Graph>(file("graph"));
}
std::vector<Package> Snapshot::orphans() const {
  return load<std::vector<Package>>(file("orphans"));
}

std::filesystem::path Snapshot::file(const char* kind) const {
  return folder_ / (id_ + "-" + kind + ".json");
}

}  // namespace package_inventory

#include "inventory.h"

#include <algorithm>
#include <set>
#include <tuple>

namespace package_inventory {
namespace {

using Names = std::set<std::string_view>;
using Providers = std::map<std::string_view, Names>;

std::vector<Tally> tally_by(const std::vector<Package>& packages, std::string Package::*field) {
  std::map<std::string_view, Tally> tallies;
  for (const auto& package : packages) {
    Tally& tally = tallies[package.*field];
    tally.name = package.*field;
    ++tally.packages;
    tally.installed_kib += package.installed_kib;
  }
  std::vector<Tally> list;
  for (auto& [name, tally] : tallies) list.push_back(std::move(tally));
  return list;
}

// What is installed under a name: the package itself, and those that provide the name.
Providers list_providers(const std::vector<Package>& packages) {
  Providers providers;
  for (const auto& package : packages) {
    providers[package.name].insert(package.name);
    for (const auto& clause : parse_relations(package.provides))
      for (const auto name : clause) providers[name].insert(package.name);
  }
  return providers;
}

}  // namespace

std::vector<Tally> sizes_by_section(const std::vector<Package>& packages) {
  auto list = tally_by(packages, &Package::section);
  std::ranges::stable_sort(list, std::greater<>{}, &Tally::installed_kib);
  return list;
}

std::vector<Tally> count_maintainers(const std::vector<Package>& packages) {
  auto list = tally_by(packages, &Package::maintainer);
  std::ranges::stable_sort(list, std::greater<>{}, &Tally::packages);
  return list;
}

Graph build_graph(const std::vector<Package>& packages) {
  const Providers providers = list_providers(packages);
  std::map<std::string_view, Names> dependents;
  Graph graph;
  for (const auto& package : packages) {
    dependents[package.name];
    for (const auto& alternatives : parse_relations(package.depends)) {
      bool met = false;
      for (const auto name : alternatives) {
        const auto found = providers.find(name);
        if (found == providers.end()) continue;
        met = true;
        for (const auto provider : found->second)
          if (provider != package.name) dependents[provider].insert(package.name);
      }
      if (!met) ++graph.unmet;
    }
  }
  for (const auto& [name, names] : dependents) {
    graph.dependents.emplace(name, std::vector<std::string>(names.begin(), names.end()));
    graph.edges += static_cast<std::int64_t>(names.size());
  }
  return graph;
}

std::vector<Package> find_orphans(const std::vector<Package>& packages, const Graph& graph) {
  std::vector<Package> orphans;
  for (const auto& package : packages) {
    const auto found = graph.dependents.find(package.name);
    const bool wanted = found != graph.dependents.end() && !found->second.empty();
    if (!wanted && !package.essential && package.priority != "required") orphans.push_back(package);
  }
  std::ranges::stable_sort(orphans, std::greater<>{}, &Package::installed_kib);
  return orphans;
}

}  // namespace package_inventory

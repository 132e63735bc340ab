// What the steps work out from the list of installed packages. Pure; the order of every answer is fixed, so
// that the same packages give the same report.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "package.h"

namespace package_inventory {

struct Tally {
  std::string name;  // of the section, or of the maintainer
  std::int64_t packages = 0;
  std::int64_t installed_kib = 0;
};

// Largest first.
std::vector<Tally> sizes_by_section(const std::vector<Package>& packages);
// Most packages first.
std::vector<Tally> count_maintainers(const std::vector<Package>& packages);

// Who asks for whom, by name: the architectures of one package are one node. A dependency on a virtual
// package is an edge to every installed package that provides it; of alternatives, every installed one
// counts.
struct Graph {
  std::map<std::string, std::vector<std::string>> dependents;  // package -> those that ask for it, sorted
  std::int64_t edges = 0;
  std::int64_t unmet = 0;  // relations of which nothing is installed; usual for Recommends
};
Graph build_graph(const std::vector<Package>& packages);

// Neither asked for by another installed package, nor essential, nor of priority "required". Largest first.
std::vector<Package> find_orphans(const std::vector<Package>& packages, const Graph& graph);

}  // namespace package_inventory

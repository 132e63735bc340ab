// An installed package, and how to read dpkg's status file, which is RFC 822 stanzas. Pure: text in, values
// out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace package_inventory {

struct Package {
  std::string name;
  std::string architecture;
  std::string section;  // "unknown" when the stanza has none
  std::string priority;
  std::string maintainer;  // "Name <address>"
  std::int64_t installed_kib = 0;
  bool essential = false;
  std::string depends;  // Pre-Depends, Depends and Recommends, joined by commas
  std::string provides;
};

// The packages whose status is "installed", as dpkg-query counts them: neither removed ones of which
// configuration files are left, nor half-installed ones. Throws std::runtime_error naming the line that is
// not a field.
std::vector<Package> parse_status(std::string_view text);

// "a | b (>= 1), c:any" is {{"a", "b"}, {"c"}}: versions and architecture qualifiers are dropped.
using Alternatives = std::vector<std::string_view>;
std::vector<Alternatives> parse_relations(std::string_view relations);

}  // namespace package_inventory

#include "package.h"

#include <stdexcept>

namespace package_inventory {
namespace {

constexpr std::string_view kBlank = " \t\r\n";

std::string_view trim(std::string_view text) {
  const auto begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

template <class Visit>
void for_each_part(std::string_view text, char separator, Visit visit) {
  while (!text.empty()) {
    const auto end = text.find(separator);
    visit(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
}

void join(std::string& list, std::string_view more) {
  if (!list.empty()) list += ", ";
  list += more;
}

std::int64_t number(std::string_view text) {
  std::int64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9' || value > INT64_MAX / 20)
      throw std::runtime_error("Installed-Size is not a number");
    value = value * 10 + (c - '0');
  }
  return value;
}

// One stanza in the making; `installed` is known only when its Status has been read.
struct Stanza {
  Package package;
  bool installed = false;

  void set(std::string_view field, std::string_view value) {
    if (field == "Package")
      package.name = value;
    else if (field == "Status")
      installed = value.ends_with(" installed");
    else if (field == "Architecture")
      package.architecture = value;
    else if (field == "Section")
      package.section = value;
    else if (field == "Priority")
      package.priority = value;
    else if (field == "Maintainer")
      package.maintainer = value;
    else if (field == "Installed-Size")
      package.installed_kib = number(value);
    else if (field == "Essential")
      package.essential = value == "yes";
    else if (field == "Provides")
      package.provides = value;
    else if (field == "Depends" || field == "Pre-Depends" || field == "Recommends")
      join(package.depends, value);
  }

  void finish(std::vector<Package>& packages) {
    if (installed && !package.name.empty()) {
      if (package.section.empty()) package.section = "unknown";
      if (package.maintainer.empty()) package.maintainer = "unknown";
      packages.push_back(std::move(package));
    }
    *this = {};
  }
};

// "libc6:any (>= 2.36)" is "libc6".
std::string_view bare_name(std::string_view relation) {
  return trim(relation.substr(0, relation.find_first_of("(:[")));
}

}  // namespace

std::vector<Package> parse_status(std::string_view text) {
  std::vector<Package> packages;
  Stanza stanza;
  std::size_t line_number = 0;
  for_each_part(text, '\n', [&](std::string_view line) {
    ++line_number;
    if (trim(line).empty()) return stanza.finish(packages);
    // Continuation lines belong to fields that are not asked for: Description, Conffiles.
    if (line.front() == ' ' || line.front() == '\t') return;
    const auto colon = line.find(':');
    try {
      if (colon == std::string_view::npos) throw std::runtime_error("no field");
      stanza.set(line.substr(0, colon), trim(line.substr(colon + 1)));
    } catch (const std::runtime_error& error) {
      throw std::runtime_error("line " + std::to_string(line_number) + ": " + error.what());
    }
  });
  stanza.finish(packages);
  return packages;
}

std::vector<Alternatives> parse_relations(std::string_view relations) {
  std::vector<Alternatives> all;
  for_each_part(relations, ',', [&](std::string_view clause) {
    Alternatives alternatives;
    for_each_part(clause, '|', [&](std::string_view relation) {
      if (const auto name = bare_name(relation); !name.empty()) alternatives.push_back(name);
    });
    if (!alternatives.empty()) all.push_back(std::move(alternatives));
  });
  return all;
}

}  // namespace package_inventory

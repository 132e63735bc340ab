#include "surveyor.h"

#include <algorithm>
#include <string>

#include "files.h"
#include "inventory.h"
#include "package.h"
#include "report.h"

namespace package_inventory {
namespace {

using tasker::Call;
using tasker::Json;

// Keeps every result far below what the host accepts, on a machine of any size.
constexpr std::size_t kLongestList = 1000;
constexpr std::size_t kMostWanted = 20;

std::filesystem::path folder_from(const Json& config, const char* key) {
  const Json path = config.value(key, Json());
  if (!path.is_string() || path == "")
    throw tasker::PermanentError(
        std::string("package_inventory needs the configuration key \"") + key + "\", a folder",
        "config.invalid");
  try {
    std::filesystem::create_directories(path.get<std::string>());
  } catch (const std::exception& error) {
    throw tasker::PermanentError(std::string("package_inventory cannot make its folder: ") + error.what(),
                                 "config.invalid");
  }
  return path.get<std::string>();
}

Json to_json(const std::vector<Tally>& tallies) {
  Json list = Json::array();
  for (const auto& tally : tallies) {
    if (list.size() == kLongestList) break;
    list.push_back(
        {{"name", tally.name}, {"packages", tally.packages}, {"installed_kib", tally.installed_kib}});
  }
  return list;
}

Json most_wanted(const Graph& graph) {
  std::vector<std::pair<std::size_t, std::string>> counts;
  for (const auto& [name, dependents] : graph.dependents) counts.emplace_back(dependents.size(), name);
  std::ranges::stable_sort(counts, std::greater<>{}, [](const auto& entry) { return entry.first; });
  Json list = Json::array();
  for (const auto& [count, name] : counts) {
    if (list.size() == kMostWanted) break;
    list.push_back({{"name", name}, {"dependents", count}});
  }
  return list;
}

// The orphans of each group beside the group's own size, which the step for that grouping has counted.
Json shares(const std::vector<Package>& orphans, std::string Package::*group, const Json& tallies) {
  std::map<std::string, std::pair<std::int64_t, std::int64_t>> found;
  for (const auto& orphan : orphans) {
    auto& [count, kib] = found[orphan.*group];
    ++count;
    kib += orphan.installed_kib;
  }
  Json list = Json::array();
  for (const auto& tally : tallies) {
    const auto own = found.find(tally.at("name").get<std::string>());
    if (own == found.end()) continue;
    list.push_back({{"name", own->first},
                    {"orphans", own->second.first},
                    {"installed_kib", own->second.second},
                    {"packages", tally.at("packages")}});
  }
  return list;
}

Json rows_of(const std::vector<Package>& packages) {
  Json list = Json::array();
  for (const auto& package : packages)
    list.push_back({{"name", package.name},
                    {"section", package.section},
                    {"maintainer", package.maintainer},
                    {"installed_kib", package.installed_kib}});
  return list;
}

std::int64_t total_kib(const std::vector<Package>& packages) {
  std::int64_t total = 0;
  for (const auto& package : packages) total += package.installed_kib;
  return total;
}

}  // namespace

Surveyor::Surveyor(const Json& config)
    : status_file_(config.value("status_file", "/var/lib/dpkg/status")),
      work_dir_(folder_from(config, "work_dir")),
      report_dir_(folder_from(config, "report_dir")) {}

Json Surveyor::parse(Call& call) const {
  const std::filesystem::path file = call.context().value("status_file", status_file_.string());
  if (!std::filesystem::exists(file))
    throw tasker::PermanentError("there is no status file " + file.string(), "inventory.no_status_file");
  const std::string text = read_file(file);
  std::vector<Package> packages;
  try {
    packages = parse_status(text);
  } catch (const std::runtime_error& error) {
    throw tasker::PermanentError(file.string() + ", " + error.what(), "inventory.malformed_status");
  }
  const Snapshot snapshot(work_dir_, fingerprint(text));
  snapshot.save_packages(packages);
  return {{"snapshot", snapshot.id()},
          {"status_file", file.string()},
          {"packages", packages.size()},
          {"installed_kib", total_kib(packages)}};
}

Json Surveyor::sizes_by_section(Call& call) const {
  const auto tallies = package_inventory::sizes_by_section(snapshot_from(call.input("parse")).packages());
  return {{"count", tallies.size()}, {"sections", to_json(tallies)}};
}

Json Surveyor::maintainers(Call& call) const {
  const auto tallies = count_maintainers(snapshot_from(call.input("parse")).packages());
  return {{"count", tallies.size()}, {"maintainers", to_json(tallies)}};
}

Json Surveyor::dependency_graph(Call& call) const {
  const Snapshot snapshot = snapshot_from(call.input("parse"));
  const Graph graph = build_graph(snapshot.packages());
  snapshot.save_graph(graph);
  return {{"snapshot", snapshot.id()},
          {"nodes", graph.dependents.size()},
          {"edges", graph.edges},
          {"unmet", graph.unmet},
          {"most_wanted", most_wanted(graph)}};
}

Json Surveyor::find_orphans(Call& call) const {
  const Snapshot snapshot = snapshot_from(call.input("dependency_graph"));
  const auto orphans = package_inventory::find_orphans(snapshot.packages(), snapshot.graph());
  snapshot.save_orphans(orphans);
  return {
      {"count", orphans.size()},
      {"installed_kib", total_kib(orphans)},
      {"by_section", shares(orphans, &Package::section, call.input("sizes_by_section").at("sections"))},
      {"by_maintainer", shares(orphans, &Package::maintainer, call.input("maintainers").at("maintainers"))}};
}

Json Surveyor::report(Call& call) const {
  const Json &parsed = call.input("parse"), &sections = call.input("sizes_by_section");
  const Json &graph = call.input("dependency_graph"), &maintainers = call.input("maintainers");
  const Json& orphans = call.input("find_orphans");
  const Json totals = {
      {"packages", parsed.at("packages")}, {"installed_kib", parsed.at("installed_kib")},
      {"sections", sections.at("count")},  {"maintainers", maintainers.at("count")},
      {"dependencies", graph.at("edges")}, {"unmet_relations", graph.at("unmet")},
      {"orphans", orphans.at("count")},    {"orphans_installed_kib", orphans.at("installed_kib")},
      {"snapshot", parsed.at("snapshot")}, {"status_file", parsed.at("status_file")}};
  const Json whole = {{"totals", totals},
                      {"sections", sections.at("sections")},
                      {"maintainers", maintainers.at("maintainers")},
                      {"most_wanted", graph.at("most_wanted")},
                      {"orphans_by_section", orphans.at("by_section")},
                      {"orphans_by_maintainer", orphans.at("by_maintainer")},
                      {"orphans", rows_of(snapshot_from(parsed).orphans())}};

  const std::string name = "package-inventory-task-" + std::string(call.task_id());
  const auto json_file = report_dir_ / (name + ".json"), markdown_file = report_dir_ / (name + ".md");
  write_file(json_file, whole.dump(2) + "\n");
  write_file(markdown_file, to_markdown(whole));
  return {{"totals", totals}, {"json", json_file.string()}, {"markdown", markdown_file.string()}};
}

Snapshot Surveyor::snapshot_from(const Json& result) const {
  return {work_dir_, result.at("snapshot")};
}

}  // namespace package_inventory

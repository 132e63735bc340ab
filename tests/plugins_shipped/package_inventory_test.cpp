// package_inventory as built, over this machine's own packages, compared with what dpkg-query says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <set>
#include <sstream>

#include "plugin_file.h"
#include "support/files.h"

namespace tasker::test {
namespace {

using nlohmann::json;

struct Counted {
  std::int64_t packages = 0;
  std::int64_t installed_kib = 0;
  std::map<std::string, std::int64_t> kib_by_section;
  std::set<std::string> maintainers;
};

std::string output_of(const std::string& command) {
  std::string text;
  std::array<char, 4096> block{};
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return text;
  while (const auto got = fread(block.data(), 1, block.size(), pipe)) text.append(block.data(), got);
  pclose(pipe);
  return text;
}

Counted ask_dpkg(const std::string& database) {
  Counted counted;
  std::istringstream stream(
      output_of("dpkg-query --admindir=" + database +
                " -W -f='${db:Status-Status}\\t${Installed-Size}\\t${Section}\\t${Maintainer}\\n'"));
  std::string status, size, section, maintainer;
  while (std::getline(stream, status, '\t') && std::getline(stream, size, '\t') &&
         std::getline(stream, section, '\t') && std::getline(stream, maintainer)) {
    if (status != "installed") continue;
    const std::int64_t kib = size.empty() ? 0 : std::stoll(size);
    ++counted.packages;
    counted.installed_kib += kib;
    counted.kib_by_section[section.empty() ? "unknown" : section] += kib;
    counted.maintainers.insert(maintainer);
  }
  return counted;
}

class PackageInventoryTest : public testing::Test {
 protected:
  json config() const { return {{"work_dir", path("work")}, {"report_dir", path("reports")}}; }
  std::string path(const char* name) const { return (folder_.path() / name).string(); }

  // Runs the steps in order and gives each its parents' results, as the engine does.
  static json run_all(const PluginFile& plugin, const json& context = json::object()) {
    const std::vector<std::pair<std::string, std::vector<std::string>>> steps = {
        {"parse", {}},
        {"sizes_by_section", {"parse"}},
        {"dependency_graph", {"parse"}},
        {"maintainers", {"parse"}},
        {"find_orphans", {"sizes_by_section", "dependency_graph", "maintainers"}},
        {"report", {"parse", "sizes_by_section", "dependency_graph", "maintainers", "find_orphans"}}};
    json results;
    for (const auto& [step, parents] : steps) {
      json inputs = json::object();
      for (const auto& parent : parents) inputs[parent] = results[parent];
      const Answer answer = plugin.run({step, "7", "", 1, context, inputs});
      EXPECT_EQ(answer.kind, TASKER_OK) << step << ": " << answer.message;
      EXPECT_LT(answer.payload.dump().size(), 256U * 1024) << step;
      results[step] = answer.payload;
    }
    return results;
  }

  TempDir folder_;
};

TEST_F(PackageInventoryTest, TotalsAgreeWithDpkgQuery) {
  const std::filesystem::path status = "/var/lib/dpkg/status";
  if (!std::filesystem::exists(status)) GTEST_SKIP() << "this machine has no dpkg";
  // A copy, so that packages installed meanwhile do not come between the two counts.
  std::filesystem::create_directories(folder_.path() / "dpkg" / "updates");
  std::filesystem::copy_file(status, folder_.path() / "dpkg" / "status");
  const Counted counted = ask_dpkg(path("dpkg"));
  EXPECT_GT(counted.packages, 50);
  const PluginFile plugin("data_processing/package_inventory-1.0.0", config());
  const json results = run_all(plugin, {{"status_file", path("dpkg/status")}});
  const json report = json::parse(read_file(results["report"]["json"].get<std::string>()));
  EXPECT_EQ(report["totals"]["packages"], counted.packages);
  EXPECT_EQ(report["totals"]["installed_kib"], counted.installed_kib);
  EXPECT_EQ(report["totals"]["maintainers"], counted.maintainers.size());
  std::map<std::string, std::int64_t> sections;
  for (const auto& row : report["sections"]) sections[row["name"]] = row["installed_kib"];
  EXPECT_EQ(sections, counted.kib_by_section);
  EXPECT_EQ(report["totals"]["orphans"], report["orphans"].size());
  EXPECT_THAT(read_file(results["report"]["markdown"].get<std::string>()), testing::HasSubstr("## Orphans"));
}

TEST_F(PackageInventoryTest, ARepeatWritesTheSameFiles) {
  write_file(path("status"),
             "Package: a\nStatus: install ok installed\nMaintainer: J\xf6rg <j@mail.example>\n");
  const PluginFile plugin("data_processing/package_inventory-1.0.0", config());
  const json context = {{"status_file", path("status")}};
  const json first = run_all(plugin, context);
  const std::string report = read_file(first["report"]["json"].get<std::string>());
  EXPECT_EQ(run_all(plugin, context), first);
  EXPECT_EQ(read_file(first["report"]["json"].get<std::string>()), report);
}

TEST_F(PackageInventoryTest, WhatCannotBeReadFailsForGoodWithACode) {
  const PluginFile plugin("data_processing/package_inventory-1.0.0", config());
  const auto parse = [&](const std::string& file) {
    return plugin.run({"parse", "1", "", 1, {{"status_file", file}}, json::object()});
  };
  EXPECT_EQ(parse(path("none")).code, "inventory.no_status_file");
  write_file(path("status"), "Package: a\nnonsense\n");
  EXPECT_EQ(parse(path("status")).code, "inventory.malformed_status");
  EXPECT_THAT(parse(path("status")).message, testing::HasSubstr("line 2"));
  const Answer gone =
      plugin.run({"maintainers", "1", "", 1, json::object(), {{"parse", {{"snapshot", "0123"}}}}});
  EXPECT_EQ(gone.kind, TASKER_FAIL);
  EXPECT_EQ(gone.code, "inventory.snapshot_gone");
  EXPECT_EQ(PluginFile::refusal("data_processing/package_inventory-1.0.0", json::object()).code,
            "config.invalid");
}

}  // namespace
}  // namespace tasker::test

// Parsing dpkg's status file, sums, graph and orphans, on a status file small enough to check by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "package_inventory/src/inventory.h"
#include "package_inventory/src/package.h"

namespace package_inventory {
namespace {

using testing::ElementsAre;

constexpr std::string_view kStatus = R"(Package: libc6
Status: install ok installed
Priority: optional
Section: libs
Installed-Size: 100
Maintainer: Glibc <glibc@debian.example>
Architecture: amd64
Description: the C library
 with a line: that looks like a field

Package: base-files
Essential: yes
Status: install ok installed
Priority: required
Section: admin
Installed-Size: 5
Maintainer: Santiago <s@debian.example>

Package: postfix
Status: install ok installed
Priority: optional
Section: mail
Installed-Size: 40
Maintainer: LaMont <l@debian.example>
Provides: mail-transport-agent (= 1), smtpd
Pre-Depends: libc6:any (>= 2.36)

Package: cron
Status: hold ok installed
Priority: optional
Section: admin
Installed-Size: 7
Maintainer: Santiago <s@debian.example>
Depends: libc6 (>= 2.14), gone | libc6
Recommends: exim4 | mail-transport-agent, anacron

Package: removed
Status: deinstall ok config-files
Installed-Size: 900
Depends: cron

Package: virtual-only
Status: install ok installed
Priority: optional
Section: misc
Maintainer: Santiago <s@debian.example>)";

std::vector<std::string> names(const std::vector<Package>& packages) {
  std::vector<std::string> list;
  for (const auto& package : packages) list.push_back(package.name);
  return list;
}

TEST(StatusFile, KeepsWhatIsInstalledAndNothingElse) {
  const auto packages = parse_status(kStatus);
  EXPECT_THAT(names(packages), ElementsAre("libc6", "base-files", "postfix", "cron", "virtual-only"));
  EXPECT_EQ(packages[3].installed_kib, 7);
  EXPECT_TRUE(packages[1].essential);
  EXPECT_EQ(packages[4].installed_kib, 0);
}

TEST(StatusFile, NamesTheLineThatIsNoField) {
  try {
    parse_status("Package: a\nnonsense\n");
    FAIL() << "accepted";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "line 2: no field");
  }
  EXPECT_THROW(parse_status("Installed-Size: much\n"), std::runtime_error);
}

TEST(StatusFile, RelationsLoseVersionsAndQualifiers) {
  EXPECT_THAT(parse_relations("a:any (>= 1), b | c (<< 2:3) , d [amd64]"),
              ElementsAre(ElementsAre("a"), ElementsAre("b", "c"), ElementsAre("d")));
  EXPECT_TRUE(parse_relations("").empty());
}

TEST(Inventory, SumsBySectionAndMaintainer) {
  const auto packages = parse_status(kStatus);
  const auto sections = sizes_by_section(packages);
  ASSERT_EQ(sections.size(), 4U);
  EXPECT_EQ(sections[0].name, "libs");
  EXPECT_EQ(sections[2].name, "admin");
  EXPECT_EQ(sections[2].packages, 2);
  EXPECT_EQ(sections[2].installed_kib, 12);
  EXPECT_EQ(count_maintainers(packages)[0].packages, 3);
}

TEST(Inventory, GraphResolvesVirtualPackagesAndAlternatives) {
  const auto graph = build_graph(parse_status(kStatus));
  EXPECT_THAT(graph.dependents.at("libc6"), ElementsAre("cron", "postfix"));
  EXPECT_THAT(graph.dependents.at("postfix"), ElementsAre("cron"));
  EXPECT_EQ(graph.edges, 3);
  EXPECT_EQ(graph.unmet, 1);  // anacron
}

TEST(Inventory, OrphansAreWantedByNobodyAndNotEssential) {
  const auto packages = parse_status(kStatus);
  EXPECT_THAT(names(find_orphans(packages, build_graph(packages))), ElementsAre("cron", "virtual-only"));
}

}  // namespace
}  // namespace package_inventory

#include "plugin/file_rows.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace tasker::plugin {
namespace {

TEST(FileRows, HoldWhatTheCatalogueDoesNot) {
  std::vector<PluginRecord> records(3);
  records[0].state = PluginState::active;
  records[1].state = PluginState::draining;
  records[2] = {"pay", "refund", "1.2.0", "ab", PluginState::refused, "plugin.not_elf", "no \"ELF\"", "/p/pay/refund-1.2.0.so", {}};
  const auto rows = nlohmann::json::parse("[" + rows_of_files(records, {{"pay/refund.so", "plugin.path_mismatch", "no version", {}}}) + "]");
  ASSERT_EQ(rows.size(), 2u) << rows.dump();
  EXPECT_EQ(rows[0], (nlohmann::json{{"namespace", "pay"}, {"name", "refund"}, {"version", "1.2.0"}, {"state", "refused"},
                                     {"sha256", "ab"}, {"hosts", 0}, {"code", "plugin.not_elf"}, {"reason", "no \"ELF\""},
                                     {"since", "1970-01-01T00:00:00Z"}, {"file", "/p/pay/refund-1.2.0.so"}}));
  EXPECT_EQ(rows[1].at("state"), "ignored");
  EXPECT_EQ(rows[1].at("file"), "pay/refund.so");
  EXPECT_EQ(rows_of_files({}, {}), "");
}

}  // namespace
}  // namespace tasker::plugin

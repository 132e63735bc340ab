// Names of functions out of files and out of mangled names, as a signal handler needs them. Real crashes are in isolation_test
// and quarantine_test.
#include "plugin/elf_symbols.h"

#include <gmock/gmock.h>

#include <array>
#include <random>

#include "support/files.h"

namespace tasker::plugin {
namespace {

std::string readable(std::string_view mangled) {
  std::array<char, 64> room;
  return std::string(readable_name(mangled, room));
}

TEST(ReadableName, IsScopesAndNames) {
  EXPECT_EQ(readable("_ZL3runRN6tasker4CallE"), "run");
  EXPECT_EQ(readable("_Z5crashRKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE"), "crash");
  EXPECT_EQ(readable("_ZN12_GLOBAL__N_16deeperEPVci"), "(anonymous namespace)::deeper");
  EXPECT_EQ(readable("_ZNK8payments6Ledger5countEv"), "payments::Ledger::count");
  EXPECT_EQ(readable("_ZN8payments6LedgerC2Ev"), "payments::Ledger::Ledger");
  EXPECT_EQ(readable("_ZN8payments6LedgerD1Ev"), "payments::Ledger::~Ledger");
  EXPECT_EQ(readable("_ZSt9terminatev"), "std::terminate");
  EXPECT_EQ(readable("_Z3mapIiEvT_"), "map<...>");
  EXPECT_EQ(readable("_ZNSt4listIiE4pushEv"), "std::list<...>");
}

TEST(ReadableName, LeavesTheRestAsItCame) {
  for (const std::string name : {"run", "", "_Z", "_ZN", "_ZN3a", "_ZN3abcplEv", "_Z99999999999x", "_ZN0E"})
    EXPECT_EQ(readable(name), name);
  const std::string long_name = "_Z90" + std::string(90, 'x') + "v";
  EXPECT_EQ(readable(long_name), long_name);
}

std::span<const unsigned char> bytes_of(const std::string& text) { return {reinterpret_cast<const unsigned char*>(text.data()), text.size()}; }

TEST(FunctionAt, IsFoundInThePluginAndNeverBeyondADamagedFile) {
  const std::string whole = test::read_file(std::filesystem::path(TASKER_BINARY_DIR) / "tests/fixtures/plugins/test/crash-1.0.0.so");
  std::string found;
  for (std::uint64_t address = 0; address < whole.size(); address += 16)
    if (const auto function = function_at(bytes_of(whole), address); function.name.find("deeper") != std::string_view::npos)
      found = readable(function.name);
  EXPECT_EQ(found, "deeper");
  for (std::size_t size = 0; size < whole.size(); size += 997) function_at(bytes_of(whole.substr(0, size)), 0x1200);
  std::minstd_rand dice(1);
  for (int round = 0; round < 300; ++round) {
    std::string damaged = whole;
    for (int i = 0; i < 40; ++i) damaged[dice() % damaged.size()] = static_cast<char>(dice());
    for (int i = 0; i < 4; ++i) damaged[dice() % 64] = static_cast<char>(dice());
    function_at(bytes_of(damaged), 0x1200);
  }
}

}  // namespace
}  // namespace tasker::plugin

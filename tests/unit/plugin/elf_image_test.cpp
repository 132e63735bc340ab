// Damage must be refused in words: a cut or flipped file never crashes the reader.
#include "plugin/elf_image.h"

#include <elf.h>
#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "support/files.h"

namespace tasker::plugin {
namespace {

std::string fixture(const std::string& file) {
  return test::read_file(std::string(TASKER_BINARY_DIR) + "/tests/fixtures/plugins/test/" + file);
}

Result<ElfFacts> read(std::string_view bytes) {
  return read_elf({reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()}, ".tasker_manifest");
}

Code code_of(std::string_view bytes) {
  const auto facts = read(bytes);
  return facts ? Code::internal : facts.error().code;
}

TEST(ElfImage, ReadsTheManifestAndTheTwoSymbols) {
  const auto facts = read(fixture("echo-1.0.0.so"));
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_NE(facts->section.find("name: echo"), std::string::npos) << facts->section;
  ASSERT_EQ(facts->exported.size(), 2u);
  for (const auto& symbol : facts->exported) EXPECT_TRUE(symbol.is_data && !symbol.is_unique) << symbol.name;
}

TEST(ElfImage, SeesSymbolsThatShouldNotBeThere) {
  EXPECT_GT(read(fixture("extra_symbol-1.0.0.so"))->exported.size(), 2u);
  const auto unique = read(fixture("unique_symbol-1.0.0.so"));
  EXPECT_TRUE(std::any_of(unique->exported.begin(), unique->exported.end(), [](auto& s) { return s.is_unique; }));
}

TEST(ElfImage, RefusesAFileCutAnywhere) {
  const std::string whole = fixture("echo-1.0.0.so");
  for (int percent = 0; percent < 100; ++percent) {
    const auto facts = read(std::string_view(whole).substr(0, whole.size() * percent / 100));
    ASSERT_FALSE(facts) << percent << " %";
    EXPECT_EQ(facts.error().code, Code::plugin_truncated) << percent << " %: " << facts.error().message;
  }
  EXPECT_EQ(code_of(std::string_view(whole).substr(0, whole.size() - 1)), Code::plugin_truncated);
}

TEST(ElfImage, SurvivesFlippedBits) {
  const std::string whole = fixture("echo-1.0.0.so");
  std::mt19937 random(20250101);
  int refused = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string damaged = whole;
    // Headers and tables are where a flip hurts; code bytes are nobody's business here.
    const std::size_t at = round % 2 ? random() % sizeof(Elf64_Ehdr) : whole.size() - 1 - random() % 4096;
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << (random() % 8)));
    damaged[random() % damaged.size()] = static_cast<char>(random());
    if (const auto facts = read(damaged); !facts) {
      ++refused;
      EXPECT_FALSE(facts.error().message.empty());
    }
  }
  EXPECT_GT(refused, 1000);
}

TEST(ElfImage, RefusesWhatIsNotALibraryOfThisMachine) {
  EXPECT_EQ(code_of("#!/bin/sh\necho hello\n"), Code::plugin_not_elf);
  EXPECT_EQ(code_of(""), Code::plugin_truncated);
  const std::string whole = fixture("echo-1.0.0.so");

  std::string other = whole;
  other[EI_CLASS] = ELFCLASS32;
  EXPECT_EQ(code_of(other), Code::plugin_wrong_machine);
  other = whole;
  other[EI_DATA] = ELFDATA2MSB;
  EXPECT_EQ(code_of(other), Code::plugin_wrong_machine);
  other = whole;
  const Elf64_Half machine = EM_RISCV;
  std::memcpy(other.data() + offsetof(Elf64_Ehdr, e_machine), &machine, sizeof(machine));
  EXPECT_EQ(code_of(other), Code::plugin_wrong_machine);
  other = whole;
  const Elf64_Half type = ET_REL;
  std::memcpy(other.data() + offsetof(Elf64_Ehdr, e_type), &type, sizeof(type));
  EXPECT_EQ(code_of(other), Code::plugin_not_elf);
}

TEST(ElfImage, RefusesALibraryWithoutManifest) {
  const std::string whole = fixture("echo-1.0.0.so");
  const auto facts = read_elf({reinterpret_cast<const unsigned char*>(whole.data()), whole.size()}, ".no_such_section");
  ASSERT_FALSE(facts);
  EXPECT_EQ(facts.error().code, Code::plugin_missing_symbol);
}

}  // namespace
}  // namespace tasker::plugin

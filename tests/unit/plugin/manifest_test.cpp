// What a file says about itself, bent in every way: refused with its own code, and never a crash.
#include "plugin/manifest.h"

#include <elf.h>
#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <map>
#include <random>

#include "support/files.h"

namespace tasker::plugin {
namespace {

std::string fixture(const std::string& file) {
  return test::read_file(std::string(TASKER_BINARY_DIR) + "/tests/fixtures/plugins/test/" + file);
}

// The manifest's section header, to bend it.
Elf64_Shdr* manifest_header(std::string& file) {
  auto* header = reinterpret_cast<Elf64_Ehdr*>(file.data());
  auto* sections = reinterpret_cast<Elf64_Shdr*>(file.data() + header->e_shoff);
  for (unsigned i = 0; i < header->e_shnum; ++i)
    if (!std::strcmp(file.data() + sections[header->e_shstrndx].sh_offset + sections[i].sh_name, ".tasker_manifest"))
      return &sections[i];
  return nullptr;
}

class Manifest : public testing::Test {
 protected:
  Code code() const {
    const auto report = inspect_bytes(bytes);
    if (!report) {
      EXPECT_FALSE(report.error().message.empty());
    }
    return report ? Code::internal : report.error().code;
  }
  std::string message() const { return inspect_bytes(bytes).error().message; }
  // Puts another template into the file, filled up with comment to the old one's length.
  void put(std::string text) {
    const Elf64_Shdr section = *manifest_header(bytes);
    ASSERT_LE(text.size() + 3, section.sh_size) << "too long for this fixture";
    text += "\n#" + std::string(section.sh_size - text.size() - 3, '.') + '\0';
    bytes.replace(section.sh_offset, section.sh_size, text);
  }
  std::string bytes = fixture("echo-1.0.0.so");
};

TEST_F(Manifest, OutsideTheFileIsRefused) {
  const auto bend = [&](std::uint64_t offset, std::uint64_t size) {
    bytes = fixture("echo-1.0.0.so");
    manifest_header(bytes)->sh_offset = offset;
    manifest_header(bytes)->sh_size = size;
    return code();
  };
  EXPECT_EQ(bend(bytes.size() - 1, 2), Code::plugin_truncated);
  EXPECT_EQ(bend(bytes.size() + 1, 0), Code::plugin_truncated);
  EXPECT_EQ(bend(~std::uint64_t{0}, 2), Code::plugin_truncated) << "the sum overflows";
  EXPECT_EQ(bend(0, ~std::uint64_t{0}), Code::plugin_truncated);
  EXPECT_EQ(bend(0, 0), Code::plugin_manifest_invalid) << "empty";
  EXPECT_EQ(bend(0, 64), Code::plugin_manifest_invalid) << "the ELF header is no template";
  bytes = fixture("echo-1.0.0.so");
  manifest_header(bytes)->sh_size = 2 << 20;
  bytes.append(4 << 20, 'x');
  EXPECT_EQ(code(), Code::plugin_too_large);
}

TEST_F(Manifest, ThatIsNoTemplateIsRefusedInWords) {
  bytes = fixture("ledger-1.0.0.so");  // has room for more
  const std::string head = "name: echo\nnamespace_name: test\nversion: 1.0.0\n";
  for (const auto& [text, words] : std::map<std::string, std::string>{
           {"just words", "mapping"},
           {"name: [", ":"},
           {head + "step_templates: []", "step_templates"},
           {head + "nme: a\nstep_templates:\n  - name: a", "did you mean name?"},
           {head + "name: b\nstep_templates:\n  - name: a", "twice"},
           {head + "step_templates:\n  - name: a\n  - name: a", "a"},
           {head + "step_templates:\n  - name: a\n    depends_on_step: b", "b"},
           {head + "step_templates:\n - name: a\n   depends_on_step: b\n - name: b\n   depends_on_step: a", "a -> b"}}) {
    put(text);
    EXPECT_EQ(code(), Code::plugin_manifest_invalid) << text;
    EXPECT_NE(message().find(words), std::string::npos) << text << "\n" << message();
  }
  put("\xff\xfe");
  EXPECT_NE(message().find("UTF-8"), std::string::npos) << message();
}

TEST_F(Manifest, AnEntryThatIsAFunctionIsRefused) {
  auto* header = reinterpret_cast<Elf64_Ehdr*>(bytes.data());
  auto* sections = reinterpret_cast<Elf64_Shdr*>(bytes.data() + header->e_shoff);
  for (unsigned i = 0; i < header->e_shnum; ++i) {
    if (sections[i].sh_type != SHT_DYNSYM) continue;
    auto* symbols = reinterpret_cast<Elf64_Sym*>(bytes.data() + sections[i].sh_offset);
    const char* names = bytes.data() + sections[sections[i].sh_link].sh_offset;
    for (std::size_t at = 0; at < sections[i].sh_size / sizeof(Elf64_Sym); ++at)
      if (!std::strcmp(names + symbols[at].st_name, "tasker_plugin_v1")) symbols[at].st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC);
  }
  EXPECT_EQ(code(), Code::plugin_missing_symbol);
  EXPECT_NE(message().find("must be data"), std::string::npos) << message();
}

TEST_F(Manifest, ForeignFilesAreRefused) {
  for (const std::string& start : {std::string("MZ\x90"), std::string("\xfe\xed\xfa\xcf"), std::string("!<arch>\n"),
                                   std::string("PK\x03\x04"), std::string("name: echo\n")}) {
    bytes = start + std::string(4096, '\0');
    EXPECT_EQ(code(), Code::plugin_not_elf);
  }
}

// The whole inspection, the template's parser included. The seed is fixed, so that a failure comes again.
TEST_F(Manifest, SurvivesFlippedBytesAnywhere) {
  const std::string whole = bytes;
  const Elf64_Shdr section = *manifest_header(bytes);
  const std::uint64_t table = reinterpret_cast<Elf64_Ehdr*>(bytes.data())->e_shoff;
  std::mt19937 random(20260101);
  int refused = 0;
  for (int round = 0; round < 6'000; ++round) {
    bytes = whole;
    for (unsigned flips = 1 + random() % 4; flips > 0; --flips) {
      const std::uint64_t at = std::array{random() % sizeof(Elf64_Ehdr), section.sh_offset + random() % section.sh_size,
                                          table + random() % (whole.size() - table), random() % whole.size()}[random() % 4];
      bytes[at] = static_cast<char>(random() % 3 ? random() : ~0u);
    }
    if (random() % 8 == 0) bytes.resize(random() % bytes.size());
    if (code() != Code::internal) ++refused;
  }
  EXPECT_GT(refused, 1000);
}

}  // namespace
}  // namespace tasker::plugin

// Codes of refusal that no fixture brings about, each from a file that is wrong in just that way.
#include <elf.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "plugin/intake.h"
#include "plugin/library.h"
#include "plugin/manifest.h"
#include "support/files.h"

namespace tasker::plugin {
namespace {

class Codes : public ::testing::Test {
 protected:
  Codes() : bytes_(test::read_file(std::string(TASKER_BINARY_DIR) + "/tests/fixtures/plugins/test/echo-1.0.0.so")) {}

  std::filesystem::path file() const { return dir_.path() / "echo-1.0.0.so"; }
  std::string inspected() {
    test::write_file(file(), bytes_);
    const auto report = inspect_file(file());
    return report ? "taken" : std::string(code_text(report.error().code));
  }

  test::TempDir dir_;
  std::string bytes_;
};

TEST_F(Codes, AWholeFileIsTaken) { EXPECT_EQ(inspected(), "taken"); }

TEST_F(Codes, Unreadable) {
  EXPECT_EQ(inspect_file(file()).error().code, Code::plugin_unreadable);
  EXPECT_EQ(code_text(hash_file(file()).error().code), "plugin.unreadable");
}

TEST_F(Codes, MalformedWithoutASectionTable) {
  const Elf64_Half none = 0;
  std::memcpy(bytes_.data() + offsetof(Elf64_Ehdr, e_shnum), &none, sizeof none);
  EXPECT_EQ(inspected(), "plugin.malformed");
}

TEST_F(Codes, ManifestInvalidWithAnUnknownKey) {
  const auto at = bytes_.find("name: echo");
  ASSERT_NE(at, std::string::npos);
  bytes_[at] = 'X';
  EXPECT_EQ(inspected(), "plugin.manifest_invalid");
  EXPECT_NE(inspect_file(file()).error().message.find("template."), std::string::npos);
}

TEST_F(Codes, LoadFailedWhenTheLoaderRefusesIt) {
  test::write_file(file(), "no library");
  const auto library = Library::open(file());
  ASSERT_FALSE(library);
  EXPECT_EQ(code_text(library.error().code), "plugin.load_failed");
}

}  // namespace
}  // namespace tasker::plugin

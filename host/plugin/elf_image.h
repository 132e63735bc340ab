// A bounds-checked reader of the few parts of an ELF file that say what a plugin is: one section's bytes and the
// exported dynamic symbols. Trusts nothing it reads, runs nothing. Not a general ELF library: 64-bit, little
// endian, this machine, shared objects only. Pure; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tasker::plugin {

struct ExportedSymbol {
  std::string name;
  std::uint64_t size = 0;
  bool is_data = false;    // STT_OBJECT
  bool is_unique = false;  // STB_GNU_UNIQUE: shared by the whole process, so that two versions would share state
};

struct ElfFacts {
  std::string section;  // the bytes of the section that was asked for
  std::vector<ExportedSymbol> exported;
};

// Refuses with plugin_not_elf, plugin_truncated, plugin_wrong_machine, plugin_malformed, or, when there is no
// such section, plugin_missing_symbol.
Result<ElfFacts> read_elf(std::span<const unsigned char> file, std::string_view section_name);

}  // namespace tasker::plugin

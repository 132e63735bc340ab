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
  std::string head{};      // of data: its first bytes, as the file has them; at most 16
};

// How the dynamic loader will treat the file.
struct ElfManners {
  bool has_executable_stack = false;   // opening it makes the stacks of the whole process executable
  bool stays_in_memory = false;        // NODELETE: no version that was ever opened leaves the process
  bool binds_at_load = false;          // else a function that is missing ends the process at its first call
  bool has_text_relocations = false;   // its code is written to while it is opened
};

struct ElfFacts {
  std::string section;  // the bytes of the section that was asked for
  std::vector<ExportedSymbol> exported;
  ElfManners manners;
};

// Refuses with plugin_not_elf, plugin_truncated, plugin_wrong_machine, plugin_malformed, or, when there is no
// such section, plugin_missing_symbol.
Result<ElfFacts> read_elf(std::span<const unsigned char> file, std::string_view section_name);

}  // namespace tasker::plugin

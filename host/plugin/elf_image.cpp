#include "plugin/elf_image.h"

#include <elf.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <optional>

namespace tasker::plugin {
namespace {

#if defined(__x86_64__)
constexpr unsigned kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr unsigned kMachine = EM_AARCH64;
#else
#error "name this machine's ELF number here"
#endif
static_assert(std::endian::native == std::endian::little);

// A plugin exports two symbols; a file that claims more than this is damaged or not a plugin.
constexpr std::uint64_t kMaxSymbols = 1'000'000;
constexpr std::uint64_t kMaxSectionBytes = 1024 * 1024;

Error truncated(const char* part) {
  return make_error(Code::plugin_truncated, std::string("the file ends inside its ") + part +
                                                "; it was probably not copied whole: copy it again");
}

Error malformed(const char* what) {
  return make_error(Code::plugin_malformed, std::string("the ELF file is damaged: ") + what);
}

// All reads go through here: a copy, because nothing in a foreign file need be aligned.
class Reader {
 public:
  explicit Reader(std::span<const unsigned char> file) : file_(file) {}

  bool holds(std::uint64_t offset, std::uint64_t size) const {
    return offset <= file_.size() && size <= file_.size() - offset;
  }
  template <class T>
  std::optional<T> at(std::uint64_t offset) const {
    if (!holds(offset, sizeof(T))) return std::nullopt;
    T value;
    std::memcpy(&value, file_.data() + offset, sizeof(T));
    return value;
  }
  // A name inside a string table; empty when it starts or ends outside.
  std::string_view name(const Elf64_Shdr& table, std::uint64_t index) const {
    if (index >= table.sh_size) return {};
    const auto* begin = reinterpret_cast<const char*>(file_.data() + table.sh_offset + index);
    const std::size_t room = table.sh_size - index;
    const std::size_t length = strnlen(begin, room);
    return length == room ? std::string_view{} : std::string_view(begin, length);
  }
  // Of a range that the file holds.
  std::string bytes(std::uint64_t offset, std::uint64_t size) const {
    return holds(offset, size) ? std::string(reinterpret_cast<const char*>(file_.data() + offset), size) : std::string();
  }
  std::uint64_t size() const { return file_.size(); }

 private:
  std::span<const unsigned char> file_;
};

Result<Elf64_Ehdr> read_header(const Reader& reader) {
  const auto ident = reader.at<std::array<unsigned char, EI_NIDENT>>(0);
  if (reader.size() == 0) return make_error(Code::plugin_truncated, "the file is empty; copy it again");
  if (!ident || std::memcmp(ident->data(), ELFMAG, SELFMAG) != 0)
    return make_error(Code::plugin_not_elf, "the file is not a shared library (no ELF header)");
  if ((*ident)[EI_CLASS] != ELFCLASS64 || (*ident)[EI_DATA] != ELFDATA2LSB)
    return make_error(Code::plugin_wrong_machine, "the file is not a 64-bit little-endian library; build it for this machine");
  const auto header = reader.at<Elf64_Ehdr>(0);
  if (!header) return truncated("header");
  if (header->e_machine != kMachine)
    return make_error(Code::plugin_wrong_machine, "the file was built for machine number " + std::to_string(header->e_machine) +
                                                      ", this host runs on " + std::to_string(kMachine));
  if (header->e_type != ET_DYN)
    return make_error(Code::plugin_not_elf, "the ELF file is not a shared library; link it with -shared");
  return *header;
}

// The dynamic loader maps what the program headers say; a segment past the end is a SIGBUS, not an error.
Result<void> check_segments(const Reader& reader, const Elf64_Ehdr& header) {
  if (header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phnum == 0) return malformed("its program headers");
  bool loadable = false;
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    if (header.e_phoff > reader.size()) return truncated("program headers");
    const auto segment = reader.at<Elf64_Phdr>(header.e_phoff + std::uint64_t{i} * sizeof(Elf64_Phdr));
    if (!segment) return truncated("program headers");
    if (!reader.holds(segment->p_offset, segment->p_filesz)) return truncated("segments");
    if (segment->p_type != PT_LOAD) continue;
    loadable = true;
    if (segment->p_memsz < segment->p_filesz) return malformed("a segment is larger in the file than in memory");
  }
  if (!loadable) return malformed("nothing in it can be loaded");
  return {};
}

void read_dynamic(const Reader& reader, const Elf64_Phdr& segment, ElfManners& manners) {
  for (std::uint64_t at = 0; at + sizeof(Elf64_Dyn) <= segment.p_filesz; at += sizeof(Elf64_Dyn)) {
    const auto entry = reader.at<Elf64_Dyn>(segment.p_offset + at);
    if (!entry || entry->d_tag == DT_NULL) return;
    const std::uint64_t value = entry->d_un.d_val;
    if (entry->d_tag == DT_TEXTREL) manners.has_text_relocations = true;
    if (entry->d_tag == DT_BIND_NOW) manners.binds_at_load = true;
    if (entry->d_tag == DT_FLAGS) {
      manners.has_text_relocations |= (value & DF_TEXTREL) != 0;
      manners.binds_at_load |= (value & DF_BIND_NOW) != 0;
    }
    if (entry->d_tag == DT_FLAGS_1) {
      manners.binds_at_load |= (value & DF_1_NOW) != 0;
      manners.stays_in_memory |= (value & DF_1_NODELETE) != 0;
    }
  }
}

// Of a file whose segments were checked.
ElfManners read_manners(const Reader& reader, const Elf64_Ehdr& header) {
  ElfManners manners{.has_executable_stack = true};  // what the kernel takes a file to want that says nothing
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    const auto segment = reader.at<Elf64_Phdr>(header.e_phoff + std::uint64_t{i} * sizeof(Elf64_Phdr));
    if (!segment) break;
    if (segment->p_type == PT_GNU_STACK) manners.has_executable_stack = (segment->p_flags & PF_X) != 0;
    if (segment->p_type == PT_DYNAMIC) read_dynamic(reader, *segment, manners);
  }
  return manners;
}

Result<std::vector<Elf64_Shdr>> read_sections(const Reader& reader, const Elf64_Ehdr& header) {
  if (header.e_shoff == 0 || header.e_shnum == 0) return malformed("it has no section table; do not strip it with sstrip");
  if (header.e_shentsize != sizeof(Elf64_Shdr)) return malformed("its section headers");
  if (!reader.holds(header.e_shoff, std::uint64_t{header.e_shnum} * sizeof(Elf64_Shdr))) return truncated("section table");
  std::vector<Elf64_Shdr> sections;
  sections.reserve(header.e_shnum);
  for (unsigned i = 0; i < header.e_shnum; ++i) {
    sections.push_back(*reader.at<Elf64_Shdr>(header.e_shoff + std::uint64_t{i} * sizeof(Elf64_Shdr)));
    const Elf64_Shdr& section = sections.back();
    if (section.sh_type != SHT_NOBITS && section.sh_type != SHT_NULL &&
        !reader.holds(section.sh_offset, section.sh_size))
      return truncated("sections");
  }
  return sections;
}

const Elf64_Shdr* string_table(const std::vector<Elf64_Shdr>& sections, std::uint64_t index) {
  return index < sections.size() && sections[index].sh_type == SHT_STRTAB ? &sections[index] : nullptr;
}

// The first bytes of what lies at an address once the file is loaded.
std::string head_at(const Reader& reader, const Elf64_Ehdr& header, std::uint64_t address) {
  constexpr std::uint64_t kHead = 16;
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    const auto segment = reader.at<Elf64_Phdr>(header.e_phoff + std::uint64_t{i} * sizeof(Elf64_Phdr));
    if (!segment || segment->p_type != PT_LOAD || address < segment->p_vaddr) continue;
    const std::uint64_t into = address - segment->p_vaddr;
    if (into >= segment->p_filesz) continue;
    return reader.bytes(segment->p_offset + into, std::min(kHead, segment->p_filesz - into));
  }
  return {};
}

Result<std::vector<ExportedSymbol>> read_exports(const Reader& reader, const Elf64_Ehdr& header,
                                                 const std::vector<Elf64_Shdr>& sections) {
  std::vector<ExportedSymbol> exported;
  for (const Elf64_Shdr& section : sections) {
    if (section.sh_type != SHT_DYNSYM) continue;
    const Elf64_Shdr* names = string_table(sections, section.sh_link);
    if (!names || section.sh_entsize != sizeof(Elf64_Sym)) return malformed("its dynamic symbol table");
    const std::uint64_t count = section.sh_size / sizeof(Elf64_Sym);
    if (count > kMaxSymbols) return malformed("it claims more than a million symbols");
    for (std::uint64_t i = 1; i < count; ++i) {
      const auto symbol = reader.at<Elf64_Sym>(section.sh_offset + i * sizeof(Elf64_Sym));
      if (!symbol) return truncated("dynamic symbol table");
      const unsigned binding = ELF64_ST_BIND(symbol->st_info);
      if (symbol->st_shndx == SHN_UNDEF || binding == STB_LOCAL) continue;
      const std::string_view name = reader.name(*names, symbol->st_name);
      if (name.empty()) return malformed("a dynamic symbol has no name");
      const bool is_data = ELF64_ST_TYPE(symbol->st_info) == STT_OBJECT;
      exported.push_back({std::string(name), symbol->st_size, is_data, binding == STB_GNU_UNIQUE,
                          is_data ? head_at(reader, header, symbol->st_value) : std::string()});
    }
  }
  return exported;
}

}  // namespace

Result<ElfFacts> read_elf(std::span<const unsigned char> file, std::string_view section_name) {
  const Reader reader(file);
  const auto header = read_header(reader);
  if (!header) return header.error();
  if (const auto checked = check_segments(reader, *header); !checked) return checked.error();
  const auto sections = read_sections(reader, *header);
  if (!sections) return sections.error();
  const Elf64_Shdr* names = string_table(*sections, header->e_shstrndx);
  if (!names) return malformed("its section names");

  ElfFacts facts;
  facts.manners = read_manners(reader, *header);
  auto exported = read_exports(reader, *header, *sections);
  if (!exported) return exported.error();
  facts.exported = std::move(*exported);

  const auto found = std::find_if(sections->begin(), sections->end(), [&](const Elf64_Shdr& section) {
    return section.sh_type == SHT_PROGBITS && reader.name(*names, section.sh_name) == section_name;
  });
  if (found == sections->end())
    return make_error(Code::plugin_missing_symbol, "the library has no section " + std::string(section_name) +
                                                       "; build it with tasker_add_plugin, which embeds the template");
  if (found->sh_size > kMaxSectionBytes)
    return make_error(Code::plugin_too_large, "the section " + std::string(section_name) + " is larger than 1 MiB");
  facts.section = reader.bytes(found->sh_offset, found->sh_size);
  return facts;
}

}  // namespace tasker::plugin

#include "plugin/elf_symbols.h"

#include <elf.h>

#include <cstring>

namespace tasker::plugin {
namespace {

class File {
 public:
  explicit File(std::span<const unsigned char> bytes) : bytes_(bytes) {}

  template <class T>
  bool read(std::uint64_t offset, T& value) const {
    if (!holds(offset, sizeof value)) return false;
    std::memcpy(&value, bytes_.data() + offset, sizeof value);
    return true;
  }
  bool holds(std::uint64_t offset, std::uint64_t size) const { return offset <= bytes_.size() && size <= bytes_.size() - offset; }
  std::string_view text(const Elf64_Shdr& table, std::uint64_t index) const {
    if (!holds(table.sh_offset, table.sh_size) || index >= table.sh_size) return {};
    const auto* begin = reinterpret_cast<const char*>(bytes_.data() + table.sh_offset + index);
    const std::size_t room = table.sh_size - index;
    const std::size_t size = ::strnlen(begin, room);
    return size == room ? std::string_view() : std::string_view(begin, size);
  }

 private:
  std::span<const unsigned char> bytes_;
};

bool read_section(const File& file, const Elf64_Ehdr& header, std::uint64_t number, Elf64_Shdr& section) {
  return number < header.e_shnum && header.e_shentsize == sizeof section &&
         file.holds(header.e_shoff, std::uint64_t{header.e_shnum} * sizeof section) &&
         file.read(header.e_shoff + number * sizeof section, section);
}

FunctionAt find_in(const File& file, const Elf64_Shdr& symbols, const Elf64_Shdr& names, std::uint64_t address) {
  FunctionAt found;
  if (symbols.sh_entsize != sizeof(Elf64_Sym) || !file.holds(symbols.sh_offset, symbols.sh_size)) return found;
  for (std::uint64_t at = 0; at + sizeof(Elf64_Sym) <= symbols.sh_size; at += sizeof(Elf64_Sym)) {
    Elf64_Sym symbol;
    if (!file.read(symbols.sh_offset + at, symbol) || ELF64_ST_TYPE(symbol.st_info) != STT_FUNC) continue;
    if (address < symbol.st_value || address - symbol.st_value >= symbol.st_size || symbol.st_shndx == SHN_UNDEF) continue;
    if (const auto name = file.text(names, symbol.st_name); !name.empty()) found = {name, address - symbol.st_value};
  }
  return found;
}

// Puts a name together; too long a one is no name.
class Writer {
 public:
  explicit Writer(std::span<char> room) : room_(room) {}
  void add(std::string_view text) {
    is_too_long_ |= text.size() > room_.size() - used_;
    if (is_too_long_) return;
    std::memcpy(room_.data() + used_, text.data(), text.size());
    used_ += text.size();
  }
  bool has_text() const { return used_ > 0; }
  std::string_view text() const { return is_too_long_ ? std::string_view() : std::string_view(room_.data(), used_); }

 private:
  std::span<char> room_;
  std::size_t used_ = 0;
  bool is_too_long_ = false;
};

// "6charge" -> charge
bool take_name(std::string_view& mangled, std::string_view& name) {
  std::size_t size = 0, digits = 0;
  for (; digits < mangled.size() && digits < 4 && mangled[digits] >= '0' && mangled[digits] <= '9'; ++digits)
    size = size * 10 + static_cast<std::size_t>(mangled[digits] - '0');
  if (digits == 0 || size == 0 || size > mangled.size() - digits) return false;
  name = mangled.substr(digits, size);
  mangled.remove_prefix(digits + size);
  return true;
}

}  // namespace

FunctionAt function_at(std::span<const unsigned char> bytes, std::uint64_t address) {
  const File file(bytes);
  Elf64_Ehdr header;
  if (!file.read(0, header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64) return {};
  for (const Elf64_Word wanted : {SHT_SYMTAB, SHT_DYNSYM}) {
    for (std::uint64_t number = 0; number < header.e_shnum; ++number) {
      Elf64_Shdr symbols, names;
      if (!read_section(file, header, number, symbols) || symbols.sh_type != wanted) continue;
      if (!read_section(file, header, symbols.sh_link, names) || names.sh_type != SHT_STRTAB) continue;
      if (const auto found = find_in(file, symbols, names, address); !found.name.empty()) return found;
    }
  }
  return {};
}

std::string_view readable_name(std::string_view mangled, std::span<char> room) {
  std::string_view rest = mangled;
  if (!rest.starts_with("_Z")) return mangled;
  rest.remove_prefix(2);
  if (rest.starts_with('L')) rest.remove_prefix(1);  // of this file alone
  const bool is_nested = rest.starts_with('N');
  if (is_nested) rest.remove_prefix(1);
  while (is_nested && (rest.starts_with('K') || rest.starts_with('V'))) rest.remove_prefix(1);
  Writer writer(room);
  if (rest.starts_with("St")) {
    rest.remove_prefix(2);
    writer.add("std");
  }
  std::string_view name, last;
  while (take_name(rest, name)) {
    if (writer.has_text()) writer.add("::");
    writer.add(name.starts_with("_GLOBAL__N_") ? std::string_view("(anonymous namespace)") : name);
    last = name;
    if (!is_nested) break;
  }
  const bool is_made = rest.starts_with("C1") || rest.starts_with("C2");
  const bool is_ended = rest.starts_with("D1") || rest.starts_with("D2") || rest.starts_with("D0");
  if (is_nested && (is_made || is_ended)) {
    writer.add(is_made ? "::" : "::~");
    writer.add(last);
    rest.remove_prefix(2);
  }
  if (!last.empty() && rest.starts_with('I')) {
    writer.add("<...>");
    return writer.text().empty() ? mangled : writer.text();
  }
  // An operator, a lambda.
  const bool is_whole = !is_nested || rest.starts_with('E');
  return last.empty() || !is_whole || writer.text().empty() ? mangled : writer.text();
}

}  // namespace tasker::plugin

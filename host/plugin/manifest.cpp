#include "plugin/manifest.h"

#include <cstddef>
#include <cstring>
#include <fstream>

#include "base/sha256.h"
#include "base/utf8.h"
#include "model/template_yaml.h"
#include "plugin/elf_image.h"
#include "plugin/system_fault.h"
#include "tasker/plugin.h"

namespace tasker::plugin {
namespace {

constexpr std::string_view kSection = ".tasker_manifest";
constexpr std::string_view kEntry = "tasker_plugin_v1";
constexpr std::string_view kManifest = "tasker_manifest_v1";
constexpr std::uintmax_t kMaxFileBytes = 1ull << 30;

Error cannot_read(const std::filesystem::path& path, const std::error_code& error) {
  return make_error(Code::plugin_unreadable, "cannot read " + path.string() + ": " + error.message(), retry_of(error.value()));
}

Result<std::string> read_all(const std::filesystem::path& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (error) return cannot_read(path, error);
  if (size > kMaxFileBytes) return make_error(Code::plugin_too_large, path.string() + " is larger than 1 GiB");
  std::string bytes(size, '\0');
  std::ifstream file(path, std::ios::binary);
  if (!file.is_open()) return cannot_read(path, {errno, std::generic_category()});
  if (!file.read(bytes.data(), static_cast<std::streamsize>(size)))
    return make_error(Code::plugin_unreadable, "cannot read all of " + path.string(), Retry::later);
  return bytes;
}

// Anything else that is exported could bind to another plugin's symbols, or another plugin's to it.
Result<const ExportedSymbol*> check_exports(const std::vector<ExportedSymbol>& exported) {
  const ExportedSymbol* entry = nullptr;
  const ExportedSymbol* manifest = nullptr;
  for (const ExportedSymbol& symbol : exported) {
    if (symbol.is_unique)
      return make_error(Code::plugin_unique_symbol, "it exports the process-wide symbol " + symbol.name +
                                                        "; build it with -fno-gnu-unique, as tasker_add_plugin does");
    if (symbol.name == kEntry) entry = &symbol;
    if (symbol.name == kManifest) manifest = &symbol;
  }
  for (const auto& [symbol, name] : {std::pair(entry, kEntry), std::pair(manifest, kManifest)}) {
    if (!symbol)
      return make_error(Code::plugin_missing_symbol, "it does not export " + std::string(name) +
                                                         "; build it with tasker_add_plugin");
    if (!symbol->is_data)
      return make_error(Code::plugin_missing_symbol, std::string(name) + " must be data, but is something else");
  }
  for (const ExportedSymbol& symbol : exported)
    if (&symbol != entry && &symbol != manifest)
      return make_error(Code::plugin_extra_symbol, "it exports " + symbol.name + " beside its two entry symbols (" +
                                                       std::to_string(exported.size()) +
                                                       " in all); link it with the SDK's version script");
  return entry;
}

// Numbers without relocations: they stand in the file as they will in memory. Whether they are true, the loader looks.
void read_table_head(const ExportedSymbol& entry, InspectReport& report) {
  report.entry_bytes = entry.size;
  const auto read = [&](std::size_t offset, auto& number) {
    if (offset + sizeof number <= entry.head.size()) std::memcpy(&number, entry.head.data() + offset, sizeof number);
  };
  read(offsetof(tasker_plugin, abi_major), report.abi_major);
  read(offsetof(tasker_plugin, abi_minor), report.abi_minor);
  read(offsetof(tasker_plugin, needs_abi_minor), report.needs_abi_minor);
}

Result<std::string> manifest_text(const std::string& section) {
  std::string text = section.substr(0, section.find('\0'));
  if (text.empty()) return make_error(Code::plugin_manifest_invalid, "its embedded template is empty");
  if (!is_utf8(text)) return make_error(Code::plugin_manifest_invalid, "its embedded template is not UTF-8");
  return text;
}

}  // namespace

Result<InspectReport> inspect_file(const std::filesystem::path& path, std::string_view environment) {
  const auto bytes = read_all(path);
  if (!bytes) return bytes.error();
  return inspect_bytes(*bytes, environment);
}

Result<InspectReport> inspect_bytes(const std::string& bytes, std::string_view environment) {
  auto facts = read_elf({reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()}, kSection);
  if (!facts) return facts.error();
  const auto entry = check_exports(facts->exported);
  if (!entry) return entry.error();
  auto text = manifest_text(facts->section);
  if (!text) return text.error();

  InspectReport report;
  auto definition = model::parse_template(*text, "manifest", environment);
  if (!definition)
    return make_error(Code::plugin_manifest_invalid, "its embedded template is refused: " + definition.error().message +
                                                         " (" + std::string(code_text(definition.error().code)) + ")");
  if (const auto* step = (*definition)->first_reference())
    return make_error(Code::template_unsupported,
                      "step " + step->name + " names a handler of another plugin (" + step->handler_class +
                          "); a plugin runs its own handlers, and a workflow over those of others is a file NAME-VERSION.yaml");
  report.definition = std::move(*definition);
  report.manifest = std::move(*text);
  report.sha256 = sha256_hex(bytes);
  report.file_bytes = bytes.size();
  read_table_head(**entry, report);
  report.manners = facts->manners;
  for (const ExportedSymbol& symbol : facts->exported) report.exported.push_back(symbol.name);
  return report;
}

Result<void> check_identity(const PluginFileName& path, const model::TaskTemplate& definition) {
  if (definition.namespace_name != path.namespace_name)
    return make_error(Code::plugin_path_mismatch, "it lies in the folder of namespace " + path.namespace_name +
                                                      ", but its template says " + definition.namespace_name);
  if (definition.name != path.name)
    return make_error(Code::plugin_path_mismatch,
                      "its file is named " + path.name + ", but its template says " + definition.name);
  if (!definition.version.identical(path.version))
    return make_error(Code::plugin_version_mismatch, "its file says version " + path.version.text() +
                                                         ", but its template says " + definition.version.text());
  return {};
}

}  // namespace tasker::plugin

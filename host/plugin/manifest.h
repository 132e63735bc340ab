// What a plugin file says about itself, read without running any of its code: the template in its ELF section and
// its exported symbols. Also behind `tasker plugin inspect`. Blocks on disk; [any] thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/task_template.h"
#include "plugin/elf_image.h"
#include "plugin/file_name.h"

namespace tasker::plugin {

struct InspectReport {
  std::string manifest;  // the YAML text
  std::shared_ptr<const model::TaskTemplate> definition;
  std::string sha256;
  std::uint64_t file_bytes = 0;
  std::uint64_t entry_bytes = 0;      // size of tasker_plugin_v1
  std::uint16_t abi_major = 0, abi_minor = 0;  // of the header it was built with, as its table says
  std::uint32_t needs_abi_minor = 0;
  ElfManners manners;
  std::vector<std::string> exported;  // every exported dynamic symbol
};

// All checks but those of the path. `environment` picks the template's overrides.
Result<InspectReport> inspect_file(const std::filesystem::path& path, std::string_view environment = "");

// The same for bytes that are in memory already.
Result<InspectReport> inspect_bytes(const std::string& bytes, std::string_view environment = "");

// The path and the manifest must name the same namespace, name and version.
Result<void> check_identity(const PluginFileName& path, const model::TaskTemplate& definition);

}  // namespace tasker::plugin

// Where the plugin under test comes from: a file that is opened, or the tables that were linked into the test program.
// Checks table and manifest as a host does before it calls anything in it.
#pragma once

#include <dlfcn.h>
#include <tasker/plugin.h>

#include <cstdint>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "tasker/sdk/json.h"
#include "tasker/testing/outline.h"

namespace tasker {
namespace kit {

// A host would not take this plugin, or its init() said no.
class Refused : public std::runtime_error {
 public:
  Refused(std::string code, const std::string& message)
      : std::runtime_error(code + ": " + message), code_(std::move(code)), message_(message) {}
  const std::string& code() const { return code_; }
  const std::string& message() const { return message_; }

 private:
  std::string code_, message_;
};

class Library {
 public:
  static Library open(const std::string& path) {
    void* handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!handle) throw Refused("plugin.load_failed", ::dlerror());
    Library library;
    library.handle_ = handle;
    library.entry_ = static_cast<const tasker_plugin*>(library.symbol("tasker_plugin_v1", path));
    library.manifest_ = static_cast<const char*>(library.symbol("tasker_manifest_v1", path));
    return library;
  }
  // Of a program into which the plugin's sources are linked; for others it does not link.
  static Library linked() {
    Library library;
    library.entry_ = &tasker_plugin_v1;
    library.manifest_ = tasker_manifest_v1;
    return library;
  }
  // Tables that the test has made itself.
  static Library of(const tasker_plugin& entry, const char* manifest = "") {
    Library library;
    library.entry_ = &entry;
    library.manifest_ = manifest;
    return library;
  }

  ~Library() {
    if (handle_) ::dlclose(handle_);
  }
  Library(Library&& other) noexcept
      : handle_(std::exchange(other.handle_, nullptr)), entry_(other.entry_), manifest_(other.manifest_) {}
  Library& operator=(Library&&) = delete;

  const tasker_plugin& entry() const { return *entry_; }
  std::string manifest() const { return manifest_; }

 private:
  Library() = default;
  const void* symbol(const char* name, const std::string& path) const {
    const void* found = ::dlsym(handle_, name);
    if (!found) throw Refused("plugin.missing_symbol", path + " does not export " + name);
    return found;
  }

  void* handle_ = nullptr;
  const tasker_plugin* entry_ = nullptr;
  const char* manifest_ = "";
};

// From the outside in: no member is read before the check that makes it readable.
inline void check_table(const tasker_plugin& entry) {
  const auto bad = [](const std::string& what) -> void { throw Refused("plugin.bad_table", what); };
  const auto unsupported = [](const std::string& what) -> void { throw Refused("plugin.abi_unsupported", what); };
  if (entry.struct_size < sizeof(tasker_plugin)) bad("tasker_plugin_v1 says that it has " + std::to_string(entry.struct_size) + " bytes");
  if (entry.abi_major != TASKER_ABI_MAJOR) unsupported("built for plugin ABI " + std::to_string(entry.abi_major));
  if (entry.needs_abi_minor > TASKER_ABI_MINOR) unsupported("needs a newer minor of the plugin ABI");
  if (entry.needs_extensions && entry.needs_extensions[0]) {
    unsupported(std::string("needs the extension ") + entry.needs_extensions[0] + ", which hosts do not have");
  }
  if (!entry.init || !entry.fini) bad("init and fini must not be NULL");
  if (!entry.handlers) bad("the array of handlers is NULL");
  std::set<std::string_view> names;
  for (const tasker_handler* const* at = entry.handlers; *at; ++at) {
    const tasker_handler& handler = **at;
    if (handler.struct_size < sizeof(tasker_handler)) bad("a handler's struct_size is too small");
    const std::string name(view(handler.name));
    if (name.empty()) bad("a handler has no name");
    if (!handler.run) bad("handler " + name + " has no run function");
    if ((handler.flags & ~std::uint32_t{TASKER_HANDLER_ASYNC}) != 0) bad("handler " + name + " sets unknown flags");
    if (!names.insert(view(handler.name)).second) bad("handler " + name + " is registered twice");
  }
}

// A compiled plugin runs its own handlers; a step that names one of another plugin belongs into a workflow without code.
inline void check_outline(const Outline& outline) {
  for (const StepOutline& step : outline.steps) {
    if (step.handler_class.find_first_of("/@#") == std::string::npos) continue;
    throw Refused("template.not_supported_yet", "step " + step.name + " names a handler of another plugin (" + step.handler_class +
                                                "); a plugin runs its own handlers, and a workflow over those of others is a file "
                                                "NAME-VERSION.yaml");
  }
}

}  // namespace kit
}  // namespace tasker

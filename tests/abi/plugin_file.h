// A plugin file opened with dlopen, for tests that have no host: symbols, and whether it is really gone afterwards.
#pragma once

#include <dlfcn.h>
#include <tasker/plugin.h>

#include <stdexcept>
#include <string>

namespace abi_test {

class PluginFile {
 public:
  explicit PluginFile(const std::string& path) : path_(path), handle_(::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)) {
    if (!handle_) throw std::runtime_error(::dlerror());
  }
  ~PluginFile() { ::dlclose(handle_); }
  PluginFile(const PluginFile&) = delete;
  PluginFile& operator=(const PluginFile&) = delete;

  const tasker_plugin& plugin() const {
    const void* symbol = ::dlsym(handle_, "tasker_plugin_v1");
    if (!symbol) throw std::runtime_error(path_ + " has no tasker_plugin_v1");
    return *static_cast<const tasker_plugin*>(symbol);
  }
  std::string manifest() const {
    const void* symbol = ::dlsym(handle_, "tasker_manifest_v1");
    if (!symbol) throw std::runtime_error(path_ + " has no tasker_manifest_v1");
    return static_cast<const char*>(symbol);
  }

  // dlclose answers 0 for files that stay, so this looks.
  static bool is_mapped(const std::string& path) {
    void* handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_NOLOAD);
    if (handle) ::dlclose(handle);
    return handle != nullptr;
  }

 private:
  std::string path_;
  void* handle_;
};

}  // namespace abi_test

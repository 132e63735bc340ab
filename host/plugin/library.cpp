#include "plugin/library.h"

#include <dlfcn.h>

#include <boost/dll/shared_library.hpp>
#include <mutex>
#include <vector>

#include "plugin/system_fault.h"

namespace tasker::plugin {
namespace dll = boost::dll;

struct Library::Handle {
  dll::shared_library library;
  std::filesystem::path path;
};

Library::Library(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {}
Library::Library(Library&&) noexcept = default;
Library& Library::operator=(Library&&) noexcept = default;

Library::~Library() {
  if (!handle_) return;
  // Kept reachable, so that leak checkers see a decision and not an accident. The last holder of a plugin may be a
  // worker.
  static std::mutex mutex;
  static auto* const resident = new std::vector<std::unique_ptr<Handle>>;
  const std::lock_guard lock(mutex);
  resident->push_back(std::move(handle_));
}

Result<Library> Library::open(const std::filesystem::path& path) {
  // Boost's default is lazy binding, with which a missing function ends the process at its first call.
  constexpr auto kMode = static_cast<dll::load_mode::type>(RTLD_NOW | RTLD_LOCAL);
  auto handle = std::make_unique<Handle>();
  try {
    // The throwing form carries dlerror's text; the error_code form says "bad file descriptor" for everything.
    handle->library.load(path, kMode);
  } catch (const std::exception& failure) {
    return make_error(Code::plugin_load_failed, std::string("the dynamic loader refused it: ") + failure.what(),
                      retry_of_text(failure.what()));
  } catch (...) {
    return make_error(Code::plugin_load_failed, "a constructor of a static object threw what is no std::exception");
  }
  handle->path = path;
  return Library(std::move(handle));
}

const void* Library::symbol(const char* name) const {
  return handle_ && handle_->library.has(name) ? ::dlsym(handle_->library.native(), name) : nullptr;
}

bool Library::close() {
  if (!handle_) return true;
  const auto handle = std::move(handle_);
  handle->library.unload();
  return !is_resident(handle->path);
}

bool Library::is_resident(const std::filesystem::path& path) {
  void* still_there = ::dlopen(path.c_str(), RTLD_LAZY | RTLD_NOLOAD);
  if (!still_there) return false;
  ::dlclose(still_there);
  still_there = ::dlopen(path.c_str(), RTLD_LAZY | RTLD_NOLOAD);
  if (still_there) ::dlclose(still_there);
  return still_there != nullptr;
}

}  // namespace tasker::plugin

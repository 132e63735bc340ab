// One opened shared library: Boost.DLL behind one class, with what Boost.DLL leaves out (always RTLD_NOW and
// RTLD_LOCAL, the loader's own words on failure, and a look whether a closed library is really gone). Opening runs
// the library's constructors: only the loader's thread does it, after inspection. [loader], but it may be destroyed
// on [any] thread.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/result.h"

namespace tasker::plugin {

class Library {
 public:
  // The path must never have been opened before with other bytes: glibc compares names before files. Private
  // copies are named by their hash for that reason.
  static Result<Library> open(const std::filesystem::path& path);

  Library(Library&&) noexcept;
  Library& operator=(Library&&) noexcept;
  ~Library();  // keeps the library mapped: code that may still be called must not vanish by accident

  // The address of an exported symbol, or nullptr.
  const void* symbol(const char* name) const;

  // Closes it and answers whether it really left the process; dlclose's own result proves nothing.
  bool close();

  // Whether a library that was closed is still there. Asking may be what lets it go: what a thread's end releases goes with the
  // next close.
  static bool is_resident(const std::filesystem::path& path);

 private:
  struct Handle;
  explicit Library(std::unique_ptr<Handle> handle);
  std::unique_ptr<Handle> handle_;
};

}  // namespace tasker::plugin

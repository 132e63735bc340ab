#include "runner/memory_watch.h"

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdlib>

// gcc says it one way and clang the other.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TASKER_HAS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TASKER_HAS_SANITIZER 1
#endif
#endif

namespace tasker::runner {
namespace {

std::atomic<void (*)()> g_note{nullptr};

}  // namespace

void watch_memory(void (*note)()) { g_note = note; }

#ifndef TASKER_HAS_SANITIZER

namespace {

inline void* noted(void* memory) {
  if (memory == nullptr) [[unlikely]]
    if (void (*const note)() = g_note.load(std::memory_order_relaxed)) note();
  return memory;
}

}  // namespace

// The program's own malloc comes before the C library's for everything that is in the process, and hands on to that.
extern "C" {
// NOLINTBEGIN(bugprone-reserved-identifier): the C library's own names
void* __libc_malloc(std::size_t) noexcept;
void* __libc_calloc(std::size_t, std::size_t) noexcept;
void* __libc_realloc(void*, std::size_t) noexcept;
void* __libc_memalign(std::size_t, std::size_t) noexcept;
// NOLINTEND(bugprone-reserved-identifier)

void* malloc(std::size_t bytes) noexcept { return noted(__libc_malloc(bytes)); }
void* calloc(std::size_t count, std::size_t bytes) noexcept { return noted(__libc_calloc(count, bytes)); }
void* realloc(void* before, std::size_t bytes) noexcept {
  void* const memory = __libc_realloc(before, bytes);
  return bytes == 0 && before != nullptr ? memory : noted(memory);  // which freed it
}
void* aligned_alloc(std::size_t alignment, std::size_t bytes) noexcept { return noted(__libc_memalign(alignment, bytes)); }
void* memalign(std::size_t alignment, std::size_t bytes) noexcept { return noted(__libc_memalign(alignment, bytes)); }
int posix_memalign(void** to, std::size_t alignment, std::size_t bytes) noexcept {
  if (alignment % sizeof(void*) != 0 || alignment == 0 || (alignment & (alignment - 1)) != 0) return EINVAL;
  void* const memory = noted(__libc_memalign(alignment, bytes));
  if (memory == nullptr) return ENOMEM;
  *to = memory;
  return 0;
}
}

#endif

}  // namespace tasker::runner

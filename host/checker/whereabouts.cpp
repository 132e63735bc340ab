#include "checker/whereabouts.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <utility>

namespace tasker::checker {

Result<Whereabouts> Whereabouts::make() {
  void* memory = ::mmap(nullptr, sizeof(Page), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return make_error(Code::no_memory, std::string("no memory to share with a check: ") + std::strerror(errno));
  return Whereabouts(::new (memory) Page{});
}

Whereabouts::~Whereabouts() {
  if (page_) ::munmap(page_, sizeof(Page));
}

Whereabouts::Whereabouts(Whereabouts&& other) noexcept : page_(std::exchange(other.page_, nullptr)) {}

void Whereabouts::set(std::string_view words, std::uint64_t number) {
  page_->number = number;
  const std::size_t size = std::min(words.size(), page_->words.size() - 1);
  std::memcpy(page_->words.data(), words.data(), size);
  page_->words[size] = '\0';
  page_->changes.fetch_add(1, std::memory_order_relaxed);
}

std::string Whereabouts::words() const {
  return {page_->words.data(), ::strnlen(page_->words.data(), page_->words.size())};
}

}  // namespace tasker::checker

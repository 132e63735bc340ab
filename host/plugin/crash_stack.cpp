#include "plugin/crash_stack.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>

#include "plugin/elf_symbols.h"

namespace tasker::plugin {
namespace {

constexpr int kMostFrames = 48;  // looked at
constexpr int kMostLines = 24;
constexpr int kUsualOwnFrames = 3;  // of the signal's handling, above the fault

std::uintptr_t fault_address(const void* context) {
  const auto& machine = static_cast<const ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
  return static_cast<std::uintptr_t>(machine.gregs[REG_RIP]);
#else
  return static_cast<std::uintptr_t>(machine.pc);
#endif
}

// The bytes of a file, for a moment.
class Mapped {
 public:
  explicit Mapped(const char* path) {
    const int file = ::open(path, O_RDONLY | O_CLOEXEC);
    struct stat info {};
    if (file >= 0 && ::fstat(file, &info) == 0 && info.st_size > 0) {
      size_ = static_cast<std::size_t>(info.st_size);
      at_ = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file, 0);
    }
    if (file >= 0) ::close(file);
  }
  ~Mapped() {
    if (at_ != MAP_FAILED) ::munmap(at_, size_);
  }
  Mapped(const Mapped&) = delete;
  Mapped& operator=(const Mapped&) = delete;
  std::span<const unsigned char> bytes() const {
    return at_ == MAP_FAILED ? std::span<const unsigned char>() : std::span(static_cast<const unsigned char*>(at_), size_);
  }

 private:
  void* at_ = MAP_FAILED;
  std::size_t size_ = 0;
};

class Text {
 public:
  Text& operator<<(std::string_view text) {
    const std::size_t size = std::min(text.size(), text_.size() - used_);
    std::memcpy(text_.data() + used_, text.data(), size);
    used_ += size;
    return *this;
  }
  Text& hex(std::uint64_t number) {
    std::array<char, 16> digits{};
    std::size_t at = digits.size();
    do {
      digits[--at] = "0123456789abcdef"[number % 16];
      number /= 16;
    } while (number > 0);
    return *this << "0x" << std::string_view(digits.data() + at, digits.size() - at);
  }
  std::string_view view() const { return {text_.data(), used_}; }

 private:
  std::array<char, 960> text_{};  // a line of the crash report has room for it
  std::size_t used_ = 0;
};

struct Place {
  const char* file = "";  // of the library; empty: the program itself, or nowhere
  std::uint64_t address = 0;
  bool is_known = false;
};

// Unlike dladdr this takes no lock.
Place place_of(std::uintptr_t address) {
  dl_find_object object{};
  if (::_dl_find_object(reinterpret_cast<void*>(address), &object) != 0 || object.dlfo_link_map == nullptr)
    return {"", address, false};
  const link_map& library = *object.dlfo_link_map;
  return {library.l_name ? library.l_name : "", address - library.l_addr, true};
}

void tell_frame(const Place& place, bool is_return, void (*tell)(std::string_view)) {
  Text line;
  line << "  at ";
  // A call that never returns may be the last thing in its function.
  const std::uint64_t address = place.address - (is_return ? 1 : 0);
  const Mapped file(place.file);
  const FunctionAt function = place.is_known ? function_at(file.bytes(), address) : FunctionAt{};
  std::array<char, 512> room;
  line << (function.name.empty() ? std::string_view("?") : readable_name(function.name, room)) << " (";
  if (place.is_known)
    line << place.file << " ";
  line.hex(address) << ")";
  tell(line.view());
}

}  // namespace

void prepare_crash_stack() {
  std::array<void*, 2> frames;
  ::backtrace(frames.data(), frames.size());
}

void tell_crash_stack(const void* context, void (*tell)(std::string_view line)) {
  std::array<void*, kMostFrames> frames;
  const int count = ::backtrace(frames.data(), kMostFrames);
  const auto fault = fault_address(context);
  void* const* const end = frames.data() + count;
  void* const* frame = std::find(static_cast<void* const*>(frames.data()), end, reinterpret_cast<void*>(fault));
  if (frame == end) {
    // A call to nowhere: the unwinder may have lost the way at once.
    tell_frame(place_of(fault), false, tell);
    frame = frames.data() + std::min(count, kUsualOwnFrames);
  }
  const void* before = nullptr;
  int told = 0;
  for (bool is_return = false; frame != end && told < kMostLines; ++frame, is_return = true) {
    const Place place = place_of(reinterpret_cast<std::uintptr_t>(*frame));
    // From here on it is the host's own.
    if (place.is_known && *place.file == 0) return;
    if (*frame == std::exchange(before, *frame)) continue;  // it calls itself
    tell_frame(place, is_return && place.is_known, tell);
    ++told;
  }
  if (count == kMostFrames || told == kMostLines) tell("  and more");
}

}  // namespace tasker::plugin

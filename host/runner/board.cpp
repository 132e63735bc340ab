#include "runner/board.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace tasker::runner {
namespace {

Error failed(const char* what) {
  return make_error(Code::plugin_runner_failed, std::string("cannot ") + what + " the memory shared with a runner: " + std::strerror(errno));
}

}  // namespace

Result<Board> Board::make(std::uint32_t slots) {
  const int descriptor = ::memfd_create("tasker-runner", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (descriptor < 0) return failed("make");
  // A runner that shrank it would kill its host at the next look.
  const bool sized = ::ftruncate(descriptor, 1 + static_cast<off_t>(slots)) == 0 &&
                     ::fcntl(descriptor, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0;
  auto board = sized ? open(descriptor, slots) : Result<Board>(failed("size"));
  if (!board) {
    ::close(descriptor);
    return board;
  }
  board->descriptor_ = descriptor;
  return board;
}

Result<Board> Board::open(int descriptor, std::uint32_t slots) {
  const std::size_t bytes = 1 + std::size_t{slots};
  void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  if (memory == MAP_FAILED) return failed("map");
  return Board(-1, static_cast<Cell*>(memory), bytes);
}

Board::Board(Board&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), memory_(std::exchange(other.memory_, nullptr)), bytes_(other.bytes_) {}

Board::~Board() {
  close_descriptor();
  if (memory_ != nullptr) ::munmap(memory_, bytes_);
}

void Board::close_descriptor() {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

}  // namespace tasker::runner

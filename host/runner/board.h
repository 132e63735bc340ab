// Memory that the host shares with one runner: which attempts the plugin has begun, and whether memory ran out under those inside.
// When the runner has died, it tells apart the attempts that were inside the plugin and those that only waited, which go to
// the next runner uncounted. The runner may write nonsense into it, so nothing but that accounting rests on it; it cannot
// be resized. [any] thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/result.h"

namespace tasker::runner {

class Board {
 public:
  // The host's side; descriptor() is for the child.
  static Result<Board> make(std::uint32_t slots);
  // The runner's side; the descriptor stays the caller's.
  static Result<Board> open(int descriptor, std::uint32_t slots);
  Board(Board&& other) noexcept;
  Board& operator=(Board&&) = delete;
  ~Board();

  int descriptor() const { return descriptor_; }
  void close_descriptor();

  void clear(std::uint32_t slot) { cell(slot).store(0, std::memory_order_relaxed); }
  void begin(std::uint32_t slot) { cell(slot).store(1, std::memory_order_release); }
  bool has_begun(std::uint32_t slot) const { return cell(slot).load(std::memory_order_acquire) != 0; }

  void note_out_of_memory() { memory_[0].store(1, std::memory_order_release); }
  void forget_out_of_memory() { memory_[0].store(0, std::memory_order_release); }
  bool ran_out_of_memory() const { return memory_[0].load(std::memory_order_acquire) != 0; }

 private:
  using Cell = std::atomic<std::uint8_t>;
  static_assert(sizeof(Cell) == 1 && Cell::is_always_lock_free);
  Board(int descriptor, Cell* memory, std::size_t bytes) : descriptor_(descriptor), memory_(memory), bytes_(bytes) {}
  Cell& cell(std::uint32_t slot) const { return memory_[1 + slot]; }

  int descriptor_;
  Cell* memory_;
  std::size_t bytes_;
};

}  // namespace tasker::runner

// What a check is doing: a few words in memory that the child shares with the checker. One writer, the child. The checker counts the
// changes while it waits, and reads the words when the child is gone.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tasker::checker {

class Whereabouts {
 public:
  static Result<Whereabouts> make();
  ~Whereabouts();
  Whereabouts(Whereabouts&& other) noexcept;
  Whereabouts& operator=(Whereabouts&&) = delete;

  void set(std::string_view words, std::uint64_t number = 0);
  std::string words() const;
  std::uint64_t number() const { return page_->number; }
  std::uint64_t changes() const { return page_->changes.load(std::memory_order_relaxed); }  // how often it was set

 private:
  struct Page {
    std::atomic<std::uint64_t> changes;
    std::uint64_t number;
    std::array<char, 496> words;
  };
  explicit Whereabouts(Page* page) : page_(page) {}
  Page* page_;
};

}  // namespace tasker::checker

// What a check was doing when its process ended: a few words in memory that the child shares with the checker. One writer, the
// child; the checker reads it when the child is gone.
#pragma once

#include <array>
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

 private:
  struct Page {
    std::uint64_t number;
    std::array<char, 504> words;
  };
  explicit Whereabouts(Page* page) : page_(page) {}
  Page* page_;
};

}  // namespace tasker::checker

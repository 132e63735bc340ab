// The list of what has been done to the outside world: one JSON line for each effect, at most one for each
// idempotency key. A step that runs again, after a retry or after the host was killed between the effect and
// its commit, finds its key here and gets the first result instead of a second effect.
//
// Any number of threads, plugin versions and processes of one machine share the file: each record is one
// append under flock, after reading what others appended. A line without its newline is the rest of a write
// that was killed; under the lock nobody can still be writing it, so it is cut off: that effect has not
// happened. `kill -9` loses nothing that was written, as the kernel holds it; only with `sync` does a line
// also survive a power cut, for one fsync an effect. Not for network file systems, whose locks differ.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>

namespace shop {

// The file cannot be used now: another attempt may succeed.
class LedgerError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Ledger {
 public:
  enum class Verdict { appended, replayed, taken, short_of };
  using Floors = std::map<std::string, std::int64_t>;

  Ledger(std::filesystem::path path, bool sync, std::chrono::milliseconds patience = std::chrono::seconds(5));
  ~Ledger();
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  // [worker] Appends `effect`, which carries "idempotency_key", and for an effect that may happen only once
  // whatever the key, "exclusive": a text, or an array of them. Afterwards `effect` is the line that counts:
  // the new one, the one recorded earlier under this key (replayed), or that of another key which holds the
  // same "exclusive" (taken). "moves", {"stock of 7": -2}, are whole numbers that the ledger adds up by
  // account. When one would bring its account below the floor that is given for it, nothing is recorded
  // (short_of): two tasks never share the last piece.
  Verdict record(nlohmann::json& effect, const Floors& floors = {});

  // [worker] The effect recorded under a key, by whoever did it.
  std::optional<nlohmann::json> find(const std::string& idempotency_key);

  // [worker] The effect that holds an "exclusive".
  std::optional<nlohmann::json> holder(const std::string& exclusive);

  // [worker] What the moves of an account add up to; 0 for one that has none.
  std::int64_t balance(const std::string& account);

 private:
  struct Place {
    std::int64_t offset = 0;
    std::size_t size = 0;
  };
  using Index = std::unordered_map<std::string, Place>;
  class Locked;

  void read_new_lines();
  void index_line(std::string_view line, Place place);
  void append(const std::string& line);
  std::string read_text(Place place) const;
  std::optional<nlohmann::json> look_up(const Index& index, const std::string& key) const;
  bool stays_above(const nlohmann::json& effect, const Floors& floors) const;
  [[noreturn]] void fail(const std::string& what, int reason = 0) const;

  // Constant after construction.
  const std::filesystem::path path_;
  const bool sync_;
  const std::chrono::milliseconds patience_;
  int file_ = -1;

  std::timed_mutex mutex_;
  // Guarded by mutex_.
  std::int64_t known_size_ = 0;  // how much of the file is in the index
  Index by_key_;
  Index by_exclusive_;
  std::unordered_map<std::string, std::int64_t> balances_;
};

}  // namespace shop

// What the store counts about itself, for metrics and tests. Written on [db] threads, read on [any].
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <string_view>

namespace tasker::store {

struct Counters {
  Counters();  // counters.cpp

  std::atomic<std::uint64_t> calls{0};
  std::atomic<std::uint64_t> connects{0};            // the first ones included
  std::atomic<std::uint64_t> broken{0};              // connections lost
  std::atomic<std::uint64_t> read_only{0};           // calls refused by a server that took writes before
  std::atomic<std::uint64_t> transient_retries{0};   // deadlocks and serialization failures tried again
  std::atomic<std::uint64_t> cut_off{0};             // calls ended by the watch
  std::atomic<std::uint64_t> overloaded{0};          // calls refused because a queue was full
  std::atomic<std::uint64_t> bad_rows{0};            // outcomes replaced because the database cannot hold them
  std::atomic<std::uint64_t> split_batches{0};
  // How often each named statement was sent; all names are there from the start, so that nobody locks.
  std::map<std::string_view, std::atomic<std::uint64_t>> statements;
};

}  // namespace tasker::store

// What people may read of the loader at any time: the records of its files, and what lies in the folder and is no plugin.
// Written on the loader's thread, read on [any].
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/error_codes.h"
#include "plugin/plugin_record.h"

namespace tasker::plugin {

class RecordBook {
 public:
  void show(std::uint64_t key, const PluginRecord& record);
  void erase(std::uint64_t key);
  // All of one look at the folder; answers those that are news.
  std::vector<IgnoredFile> set_ignored(const std::map<std::string, Oddity>& now);

  // By namespace, name and age.
  std::vector<PluginRecord> plugins() const;
  std::vector<IgnoredFile> ignored() const;
  // A transition to this state.
  void count(PluginState to) { transitions_[static_cast<std::size_t>(to)].fetch_add(1, std::memory_order_relaxed); }
  TransitionCounts transitions() const;
  // The folder has been looked at, and every file in it is active, draining or refused.
  bool has_settled() const;

 private:
  mutable std::mutex mutex_;  // guards all below
  std::map<std::uint64_t, PluginRecord> records_;
  std::map<std::string, IgnoredFile> ignored_;
  bool has_looked_ = false;
  std::array<std::atomic<std::uint64_t>, std::size(kPluginStates)> transitions_{};
};

}  // namespace tasker::plugin

// The folder of one story: a plugins folder that its hosts share, their configuration, and what the plugins write.
// Made so that a private PostgreSQL under another account can live in it. Gone with the test.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "support/files.h"
#include "system/support/tasker_process.h"

namespace tasker::test {

struct Tuning {
  int workers = 16;
  int grace_seconds = 20;
  int liveness_seconds = 2;     // until another host takes over; the heartbeat is half of it
  int gateway_latency_ms = 0;   // of order_process
  std::string listen = "127.0.0.1:0";
};

class Workplace {
 public:
  Workplace();

  std::filesystem::path path(const std::string& name) const { return folder_.path() / name; }
  std::filesystem::path plugins() const { return path("plugins"); }

  // As `cp` would: the file grows in place. `as` renames it: "test/other-1.0.0.so".
  void drop(const std::string& plugin, const std::string& as = {}) const;

  // Hosts on a database that is there already; each has its own state folder and log.
  std::unique_ptr<TaskerProcess> serve(const std::string& database, const Tuning& tuning = {},
                                       const std::string& name = "host") const;
  // A host with a private PostgreSQL in this folder.
  std::unique_ptr<TaskerProcess> dev(const Tuning& tuning = {}, std::vector<std::string> more = {}) const;

  std::string configuration(const std::string& database, const Tuning& tuning, const std::string& name) const;

  // order_process: 2,000 orders, say, that all end well; ids from `first_order_id` on. Its ledger, line by line.
  void make_orders(int count) const;
  std::vector<Json> orders() const;
  std::vector<Json> ledger() const;
  std::size_t ledger_lines() const;
  // Runs `act` while no handler of any process is at the ledger.
  void with_ledger_locked(const std::function<void()>& act) const;

 private:
  TempDir folder_;
};

}  // namespace tasker::test

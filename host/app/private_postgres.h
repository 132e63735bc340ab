// A PostgreSQL server of our own, for `tasker dev` and for tests: made on first use, reached over a unix socket only,
// stopped with its owner. Not for production, where `tasker serve` is given a connection string.
//
// A thread of its own starts the server and waits for its end: the kernel ties the server's life to that thread, so
// that it also ends when the host is killed. What a killed host left behind is ended before a new start.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "app/data_dir.h"
#include "app/postgres_settings.h"
#include "base/result.h"

namespace tasker::app {

class PrivatePostgres {
 public:
  struct Options {
    std::filesystem::path data_dir;  // of DataDir; the database itself is <data_dir>/pgdata
    bool clean = false;              // begin with an empty database
    std::chrono::milliseconds start_deadline = std::chrono::seconds(120);  // recovery after a crash takes its time
    std::chrono::milliseconds stop_deadline = std::chrono::seconds(60);
    PostgresSettings extra_settings{};           // win over the usual ones
    std::function<void()> on_unexpected_exit{};  // [any] once, when the server ends unasked
    int cancel_fd = -1;                          // readable: give up making the database
  };

  // Blocks until the server accepts connections. The folder is locked against a second host while this lives.
  static Result<std::unique_ptr<PrivatePostgres>> start(Options options);

  ~PrivatePostgres();
  PrivatePostgres(const PrivatePostgres&) = delete;
  PrivatePostgres& operator=(const PrivatePostgres&) = delete;

  // libpq's keyword form: host=<socket folder> port=5432 user=tasker dbname=tasker.
  std::string connection_string() const;
  std::string connection_string(const std::string& database) const;
  const PostgresSettings& settings() const;  // as given to the server
  pid_t server_pid() const;                  // 0 once it has ended
  bool is_running() const;

  // Fast shutdown, then harder. May be called twice.
  Result<void> stop();

 private:
  class Server;
  explicit PrivatePostgres(std::unique_ptr<Server> server);
  std::unique_ptr<Server> server_;
};

}  // namespace tasker::app

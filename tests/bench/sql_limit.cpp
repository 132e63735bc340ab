#include "sql_limit.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <pqxx/pqxx>
#include <thread>
#include <vector>

#include "sql_limit_text.h"

namespace tasker::bench {

namespace {

std::string tuned(const std::string& conninfo) {
  return conninfo + " options='-c jit=off -c plan_cache_mode=force_generic_plan'";
}

double write_all(const std::string& conninfo, int template_id, int steps_per_task, int tasks, int connections, int batch) {
  std::atomic<int> left{tasks};
  const auto start = std::chrono::steady_clock::now();
  std::vector<std::thread> threads;
  for (int i = 0; i < connections; ++i) {
    threads.emplace_back([&] {
      pqxx::connection connection(tuned(conninfo));
      connection.prepare("write", "select bench.write_rows($1, $2)");
      while (left.fetch_sub(batch) > 0) {
        pqxx::nontransaction work(connection);
        work.exec_prepared("write", template_id, batch);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return static_cast<double>((tasks + batch - 1) / batch * batch) * steps_per_task / seconds;
}

}  // namespace

SqlLimit measure_sql_limit(const std::string& conninfo, int template_id, int steps_per_task, int steps) {
  {
    pqxx::connection connection(conninfo);
    pqxx::nontransaction work(connection);
    work.exec(kSqlLimitText);
  }
  SqlLimit best;
  const int tasks = std::max(1, steps / steps_per_task);
  for (const int connections : {1, 2, 4}) {
    for (const int batch_steps : {500, 2'000}) {
      const int batch = std::max(1, batch_steps / steps_per_task);
      const double rate = write_all(conninfo, template_id, steps_per_task, tasks, connections, batch);
      if (rate > best.steps_per_s) best = {rate, connections, batch};
    }
  }
  return best;
}

std::map<std::string, std::string> session_settings(const std::string& conninfo) {
  pqxx::connection connection(conninfo);
  pqxx::nontransaction work(connection);
  std::map<std::string, std::string> settings;
  for (const auto& row : work.exec(
           "select name, current_setting(name) from pg_settings where name in ('fsync', 'synchronous_commit', "
           "'full_page_writes', 'wal_level', 'shared_buffers', 'max_wal_size', 'checkpoint_timeout', 'wal_compression', "
           "'jit', 'server_version', 'autovacuum', 'commit_delay', 'wal_sync_method')")) {
    settings[row[0].as<std::string>()] = row[1].as<std::string>();
  }
  return settings;
}

int template_id_of(const std::string& conninfo, const std::string& name) {
  pqxx::connection connection(conninfo);
  pqxx::nontransaction work(connection);
  return work.exec_params1("select template_id from tasker.template where name = $1 order by template_id desc limit 1", name)[0]
      .as<int>();
}

}  // namespace tasker::bench

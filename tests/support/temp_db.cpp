#include "support/temp_db.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <stdexcept>

#include "app/private_postgres.h"
#include "store/migrator.h"
#include "support/files.h"
#include "support/sql_client.h"

namespace tasker::test {
namespace {

// Started on first use, stopped when the program ends.
class Server {
 public:
  static Server& instance() {
    static Server server;
    return server;
  }

  std::string conninfo(const std::string& database) const {
    if (private_) return private_->connection_string(database);
    return "host=" + socket_dir_ + " user=" + user_ + " dbname=" + database;
  }

  const std::string& migrated_template() {
    static const std::string name = [this] {
      const std::string made = "tasker_template_" + std::to_string(::getpid());
      SqlClient(conninfo("postgres")).exec("create database " + made);
      const auto report = store::migrate(conninfo(made));
      if (!report) throw std::runtime_error("migrating the test database: " + report.error().message);
      // tests/rules.py takes a rule out of a function here, to see which tests notice.
      if (const char* broken = std::getenv("TASKER_TEST_SQL")) SqlClient(conninfo(made)).exec(read_file(broken));
      template_ = made;
      return made;
    }();
    return name;
  }

 private:
  Server() {
    if (const char* socket_dir = std::getenv("TASKER_TEST_PG"); socket_dir && *socket_dir) {
      socket_dir_ = socket_dir;
      const char* user = std::getenv("PGUSER");
      user_ = user && *user ? user : "postgres";
      return;
    }
    // Started by root, PostgreSQL runs under another account, which must be able to get here.
    std::filesystem::permissions(folder_.path(), std::filesystem::perms(0755));
    app::PrivatePostgres::Options options;
    options.data_dir = folder_.path() / "data";
    // The tests' own server need not survive a crash of the machine; what they check does not depend on it.
    options.extra_settings = {{"fsync", "off"}, {"full_page_writes", "off"}, {"max_connections", "200"}};
    auto started = app::PrivatePostgres::start(std::move(options));
    if (!started) throw std::runtime_error("starting PostgreSQL for the tests: " + started.error().message);
    private_ = std::move(*started);
  }

  ~Server() {
    if (template_.empty() || private_) return;
    SqlClient(conninfo("postgres")).try_exec("drop database if exists " + template_ + " with (force)");
  }

  TempDir folder_;
  std::string socket_dir_, user_, template_;
  std::unique_ptr<app::PrivatePostgres> private_;
};

}  // namespace

std::string TempDb::conninfo_of(const std::string& database) { return Server::instance().conninfo(database); }

TempDb::TempDb(Kind kind) {
  static std::atomic<int> count{0};
  name_ = "tasker_test_" + std::to_string(::getpid()) + "_" + std::to_string(++count);
  conninfo_ = conninfo_of(name_);
  const std::string source = kind == Kind::migrated ? Server::instance().migrated_template() : "template1";
  SqlClient(conninfo_of("postgres")).exec("create database " + name_ + " template " + source);
}

TempDb::~TempDb() {
  SqlClient(conninfo_of("postgres")).try_exec("drop database if exists " + name_ + " with (force)");
}

}  // namespace tasker::test

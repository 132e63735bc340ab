#include "app/private_postgres.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <fstream>
#include <iterator>
#include <mutex>
#include <thread>

#include <spdlog/fmt/fmt.h>

#include "app/database_files.h"
#include "app/postmaster.h"

namespace tasker::app {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr auto kReadinessLook = std::chrono::milliseconds(10);
constexpr std::uintmax_t kLogTooLarge = 64u << 20;

void set_aside_large_log(const fs::path& log) {
  std::error_code ignored;
  if (fs::file_size(log, ignored) > kLogTooLarge && !ignored) fs::rename(log, log.string() + ".1", ignored);
}

std::string text_from(const fs::path& file, std::streamoff offset) {
  std::ifstream in(file);
  in.seekg(offset);
  return {std::istreambuf_iterator<char>(in), {}};
}

PostgresSettings merged(PostgresSettings settings, const PostgresSettings& extra) {
  settings.insert(settings.end(), extra.begin(), extra.end());  // the last of a name wins on a command line
  return settings;
}

// A value in libpq's keyword form.
std::string quoted(const std::string& value) {
  std::string text = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') text += '\\';
    text += c;
  }
  return text + "'";
}

}  // namespace

class PrivatePostgres::Server {
 public:
  Server(Options options, DataDir dir, DataDirLock lock)
      : options_(std::move(options)), dir_(std::move(dir)), lock_(std::move(lock)) {}
  ~Server() {
    (void)stop();
    if (keeper_.joinable()) keeper_.join();
    std::error_code ignored;
    if (!socket_dir_.empty()) fs::remove(socket_dir_, ignored);
  }

  Result<void> prepare();
  Result<void> start();
  Result<void> stop();

  std::string connection_string(const std::string& database) const {
    return fmt::format("host={} port=5432 user=tasker dbname={}", quoted(socket_dir_.string()), quoted(database));
  }
  const PostgresSettings& settings() const { return settings_; }
  pid_t pid() const {
    std::lock_guard guard(mutex_);
    return ended_ ? 0 : pid_;
  }

 private:
  Result<void> wait_until_ready();
  void keep(Command command, int log_file);
  void signal_server(int signal);
  bool ended_within(std::chrono::milliseconds patience);

  // constant once started
  const Options options_;
  const DataDir dir_;
  const DataDirLock lock_;
  PostgresBinaries binaries_;
  std::optional<Account> account_;
  fs::path socket_dir_;
  PostgresSettings settings_;
  std::streamoff log_start_ = 0;
  std::thread keeper_;

  // guarded by mutex_
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Error> spawn_error_;
  pid_t pid_ = 0;
  bool stopping_ = false;
  bool ended_ = false;
};

Result<void> PrivatePostgres::Server::prepare() {
  if (auto ended = end_server_of(dir_.pgdata(), options_.stop_deadline); !ended) return ended.error();
  if (options_.clean) {
    std::error_code failed;
    fs::remove_all(dir_.pgdata(), failed);
    if (failed)
      return make_error(Code::data_dir_unusable,
                        fmt::format("cannot wipe {}: {}", dir_.pgdata().string(), failed.message()));
  }
  auto account = account_for(dir_);
  if (!account) return account.error();
  account_ = *account;
  auto binaries = find_postgres(version_of(dir_.pgdata()));
  if (!binaries) return binaries.error();
  binaries_ = *binaries;
  if (auto made = make_database(dir_, binaries_, account_, options_.cancel_fd); !made) return made;
  auto socket_dir = make_socket_dir(dir_, account_);
  if (!socket_dir) return socket_dir.error();
  socket_dir_ = *socket_dir;
  settings_ = merged(private_postgres_settings(socket_dir_), options_.extra_settings);
  return {};
}

Result<void> PrivatePostgres::Server::start() {
  const auto log = dir_.postgres_log();
  set_aside_large_log(log);
  const int log_file = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (log_file < 0)
    return make_error(Code::data_dir_unusable, fmt::format("cannot write {}: {}", log.string(), std::strerror(errno)));
  log_start_ = ::lseek(log_file, 0, SEEK_END);

  // Its own session: a terminal's Ctrl-C must not stop the database before the host has drained. SIGINT on the
  // keeper's death is PostgreSQL's fast shutdown.
  Command command{.argv = {binaries_.postgres().string(), "-D", dir_.pgdata().string()},
                  .account = account_,
                  .directory = dir_.pgdata().string(),
                  .own_session = true,
                  .signal_on_parent_death = SIGINT};
  for (const auto& [name, value] : settings_) {
    command.argv.emplace_back("-c");
    command.argv.push_back(name + "=" + value);
  }
  // The host's signals are for its own threads; the keeper only waits.
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  keeper_ = std::thread([this, command = std::move(command), log_file] { keep(command, log_file); });
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return wait_until_ready();
}

void PrivatePostgres::Server::keep(Command command, int log_file) {
  auto child = spawn(command, log_file);
  ::close(log_file);
  std::unique_lock lock(mutex_);
  if (child) {
    pid_ = *child;
    lock.unlock();
    changed_.notify_all();
    siginfo_t info{};
    while (::waitid(P_PID, static_cast<id_t>(*child), &info, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
    }
    lock.lock();
    // Reaped under the lock, so that nobody signals a number that has become another process.
    while (::waitpid(*child, nullptr, 0) < 0 && errno == EINTR) {
    }
  } else {
    spawn_error_ = child.error();
  }
  ended_ = true;
  const bool asked = stopping_ || spawn_error_;
  lock.unlock();
  changed_.notify_all();
  if (!asked && options_.on_unexpected_exit) options_.on_unexpected_exit();
}

Result<void> PrivatePostgres::Server::wait_until_ready() {
  const auto until = Clock::now() + options_.start_deadline;
  std::unique_lock lock(mutex_);
  // The server tells its state only by a file; its end is told at once.
  while (!changed_.wait_for(lock, kReadinessLook, [this] { return ended_; })) {
    if (const auto file = read_postmaster_file(dir_.pgdata()); file && file->pid == pid_ && file->ready) return {};
    if (Clock::now() > until)
      return make_error(Code::timed_out,
                        fmt::format("the private PostgreSQL did not become ready within {} ms; see {}",
                                    options_.start_deadline.count(), dir_.postgres_log().string()));
  }
  if (spawn_error_) return *spawn_error_;
  return make_error(Code::postgres_start_failed,
                    fmt::format("the private PostgreSQL ended while it started; {} says: {}",
                                dir_.postgres_log().string(), text_from(dir_.postgres_log(), log_start_)));
}

void PrivatePostgres::Server::signal_server(int signal) {
  std::lock_guard guard(mutex_);
  stopping_ = true;
  if (!ended_ && pid_ > 0) ::kill(pid_, signal);
}

bool PrivatePostgres::Server::ended_within(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, patience, [this] { return ended_; });
}

Result<void> PrivatePostgres::Server::stop() {
  if (!keeper_.joinable()) return {};
  signal_server(SIGINT);
  if (ended_within(options_.stop_deadline)) return {};
  signal_server(SIGQUIT);
  if (ended_within(options_.stop_deadline / 4)) return {};
  signal_server(SIGKILL);
  ended_within(options_.stop_deadline / 4);
  return make_error(Code::timed_out,
                    fmt::format("the private PostgreSQL did not shut down within {} ms and was killed; nothing that "
                                "was committed is lost, the next start recovers it",
                                options_.stop_deadline.count()));
}

PrivatePostgres::PrivatePostgres(std::unique_ptr<Server> server) : server_(std::move(server)) {}
PrivatePostgres::~PrivatePostgres() = default;

Result<std::unique_ptr<PrivatePostgres>> PrivatePostgres::start(Options options) {
  auto dir = create_data_dir(options.data_dir);
  if (!dir) return dir.error();
  auto lock = DataDirLock::take(*dir);
  if (!lock) return lock.error();
  auto server = std::make_unique<Server>(std::move(options), *dir, std::move(*lock));
  if (auto prepared = server->prepare(); !prepared) return prepared.error();
  if (auto started = server->start(); !started) return started.error();
  return std::unique_ptr<PrivatePostgres>(new PrivatePostgres(std::move(server)));
}

std::string PrivatePostgres::connection_string() const { return connection_string("tasker"); }
std::string PrivatePostgres::connection_string(const std::string& database) const {
  return server_->connection_string(database);
}
const PostgresSettings& PrivatePostgres::settings() const { return server_->settings(); }
pid_t PrivatePostgres::server_pid() const { return server_->pid(); }
bool PrivatePostgres::is_running() const { return server_pid() != 0; }
Result<void> PrivatePostgres::stop() { return server_->stop(); }

}  // namespace tasker::app

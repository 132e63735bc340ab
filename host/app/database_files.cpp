#include "app/database_files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include <spdlog/fmt/fmt.h>

namespace tasker::app {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLongestSocketPath = 107;  // sockaddr_un, without its final zero
constexpr std::string_view kSocketName = "/.s.PGSQL.5432";
constexpr auto kInitdbDeadline = std::chrono::minutes(2);

Error cannot_make(const fs::path& path, const std::string& why) {
  return make_error(Code::data_dir_unusable, fmt::format("cannot make {}: {}", path.string(), why));
}

// A private folder of the account. What stands there already must be just that: in /tmp anyone could have put it.
Result<void> make_private_folder(const fs::path& path, const std::optional<Account>& account) {
  const uid_t owner = account ? account->uid : ::geteuid();
  if (::mkdir(path.c_str(), 0700) == 0) {
    if (account && ::lchown(path.c_str(), account->uid, account->gid) != 0)
      return cannot_make(path, std::strerror(errno));
  } else if (errno != EEXIST) {
    return cannot_make(path, std::strerror(errno));
  }
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0) return cannot_make(path, std::strerror(errno));
  if (!S_ISDIR(found.st_mode) || found.st_uid != owner || (found.st_mode & 077) != 0)
    return cannot_make(path, "something else stands there that is not a private folder of the server's account. "
                             "Remove it");
  return {};
}

Result<void> run_tool(Command command, const std::string& what) {
  const auto ended = run(command, kInitdbDeadline);
  if (!ended) return ended.error();
  if (ended->exit_code == 0) return {};
  return make_error(Code::postgres_start_failed, fmt::format("{} failed with exit code {}: {}", what,
                                                             ended->exit_code, ended->output));
}

// Sessions of their own: a terminal's Ctrl-C is for us, who end them and say one sentence instead of theirs.
Result<void> fill_database(const fs::path& making, const PostgresBinaries& binaries, const std::optional<Account>& account,
                           int cancel_fd) {
  Command command{.argv = {binaries.initdb().string(), "-D", making.string(), "-E", "UTF8", "--locale=C.UTF-8", "-A", "trust",
                           "-U", "tasker", "--no-instructions"},
                  .account = account, .directory = making.string(), .own_session = true, .cancel_fd = cancel_fd};
  auto made = run_tool(command, "making the private database with initdb");
  if (made) {
    command.argv = {binaries.postgres().string(), "--single", "-D", making.string(), "-c", "exit_on_error=on", "postgres"};
    command.input = "CREATE DATABASE tasker;\n";
    made = run_tool(command, "creating the database tasker");
  }
  if (!made && made.error().code == Code::command_interrupted)
    return make_error(Code::command_interrupted, "interrupted while the private database was being made; nothing of it is left");
  return made;
}

std::string short_hash(const std::string& text) {
  std::uint64_t hash = 14695981039346656037ull;  // FNV-1a: only has to tell folders of one user apart
  for (const unsigned char c : text) hash = (hash ^ c) * 1099511628211ull;
  return fmt::format("{:012x}", hash & 0xffffffffffffull);
}

}  // namespace

Result<std::optional<Account>> account_for(const DataDir& dir) {
  struct stat found {};
  const bool exists = ::stat(dir.pgdata().c_str(), &found) == 0;
  if (::geteuid() != 0) {
    if (exists && found.st_uid != ::geteuid())
      return make_error(Code::data_dir_unusable,
                        fmt::format("{} belongs to another user, so its database cannot be started. Choose another "
                                    "folder with --data.", dir.pgdata().string()));
    return std::optional<Account>{};
  }
  auto account = server_account();
  if (!account) return account;
  if (exists && found.st_uid != 0)
    if (auto owner = find_account(found.st_uid)) *account = owner;
  if (const auto closed = closed_folder_on_the_way(dir.root, **account))
    return make_error(Code::data_dir_unusable,
                      fmt::format("PostgreSQL does not run as root, so it runs as {}, who may not enter {}. Choose a "
                                  "data folder outside it with --data, such as /var/lib/tasker/dev.",
                                  (*account)->name, closed->string()));
  return account;
}

std::optional<int> version_of(const fs::path& pgdata) {
  std::ifstream in(pgdata / "PG_VERSION");
  int major = 0;
  if (in >> major) return major;
  return std::nullopt;
}

Result<void> make_database(const DataDir& dir, const PostgresBinaries& binaries,
                           const std::optional<Account>& account, int cancel_fd) {
  const auto pgdata = dir.pgdata();
  std::error_code failed;
  if (version_of(pgdata)) return {};
  if (fs::exists(pgdata, failed) && !fs::is_empty(pgdata, failed))
    return make_error(Code::data_dir_unusable,
                      fmt::format("{} is not a PostgreSQL database. Move it away, or choose another folder with "
                                  "--data.", pgdata.string()));
  const fs::path making = pgdata.string() + ".new";
  fs::remove_all(making, failed);
  if (auto made = make_private_folder(making, account); !made) return made;
  if (auto filled = fill_database(making, binaries, account, cancel_fd); !filled) {
    fs::remove_all(making, failed);
    return filled;
  }
  fs::remove(pgdata, failed);
  fs::rename(making, pgdata, failed);
  if (failed) return cannot_make(pgdata, failed.message());
  return {};
}

Result<fs::path> make_socket_dir(const DataDir& dir, const std::optional<Account>& account) {
  auto path = dir.socket_dir();
  if (path.string().size() + kSocketName.size() > kLongestSocketPath) {
    const char* runtime = std::getenv("XDG_RUNTIME_DIR");
    const fs::path parent = runtime != nullptr && *runtime != '\0' && !account ? runtime : "/tmp";
    path = parent / fmt::format("tasker-{}-{}", ::geteuid(), short_hash(dir.root.string()));
  }
  if (auto made = make_private_folder(path, account); !made) return made.error();
  // Left by a killed server. Its pid may be another process by now, which the new server would take for a rival.
  std::error_code ignored;
  for (const auto& left_over : fs::directory_iterator(path, ignored)) fs::remove(left_over.path(), ignored);
  return path;
}

}  // namespace tasker::app

#include "app/account.h"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <spdlog/fmt/fmt.h>

namespace tasker::app {
namespace {

std::optional<Account> from_entry(const passwd* entry) {
  if (entry == nullptr) return std::nullopt;
  return Account{entry->pw_name, entry->pw_uid, entry->pw_gid, entry->pw_dir};
}

bool may_enter(const struct stat& folder, const Account& account) {
  if (folder.st_uid == account.uid) return folder.st_mode & S_IXUSR;
  if (folder.st_gid == account.gid) return folder.st_mode & S_IXGRP;
  return folder.st_mode & S_IXOTH;
}

}  // namespace

std::optional<Account> find_account(const std::string& name) { return from_entry(::getpwnam(name.c_str())); }
std::optional<Account> find_account(uid_t uid) { return from_entry(::getpwuid(uid)); }

Result<std::optional<Account>> server_account() {
  if (::geteuid() != 0) return std::optional<Account>{};
  for (const char* name : {"postgres", "nobody"})
    if (auto account = find_account(name)) return account;
  return make_error(Code::postgres_start_failed,
                    "PostgreSQL does not run as root, and this machine has neither an account `postgres` nor `nobody`. "
                    "Create one, or start tasker as an ordinary user.");
}

Result<std::optional<Account>> become_invoking_user() {
  const char* invoker = std::getenv("SUDO_UID");
  if (::geteuid() != 0 || invoker == nullptr) return std::optional<Account>{};
  const auto account = find_account(static_cast<uid_t>(std::strtoul(invoker, nullptr, 10)));
  if (!account || account->uid == 0) return std::optional<Account>{};
  if (::initgroups(account->name.c_str(), account->gid) != 0 || ::setgid(account->gid) != 0 ||
      ::setuid(account->uid) != 0)
    return make_error(Code::internal, fmt::format("cannot become {}, who ran sudo: {}. Run the command without sudo.",
                                                  account->name, std::strerror(errno)));
  ::setenv("HOME", account->home.c_str(), 1);
  ::setenv("USER", account->name.c_str(), 1);
  // sudo's own: it would point into root's.
  ::unsetenv("XDG_DATA_HOME");
  ::unsetenv("XDG_RUNTIME_DIR");
  return account;
}

std::optional<std::filesystem::path> closed_folder_on_the_way(const std::filesystem::path& path,
                                                              const Account& account) {
  std::filesystem::path walked;
  for (const auto& part : std::filesystem::absolute(path)) {
    walked /= part;
    struct stat folder {};
    if (::stat(walked.c_str(), &folder) != 0) return std::nullopt;  // not there yet: it will be made enterable
    if (S_ISDIR(folder.st_mode) && !may_enter(folder, account)) return walked;
  }
  return std::nullopt;
}

}  // namespace tasker::app

// Which account things run under. PostgreSQL refuses root, so a private server started by root runs as another one;
// under sudo the whole of `tasker dev` becomes the user who typed the command.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "app/child_process.h"
#include "base/result.h"

namespace tasker::app {

std::optional<Account> find_account(const std::string& name);
std::optional<Account> find_account(uid_t uid);

// The account for a private PostgreSQL: empty when we are not root (then it runs as ourselves), else `postgres`,
// else `nobody`.
Result<std::optional<Account>> server_account();

// Under sudo: gives up root for good and becomes the invoking user, HOME included. Elsewhere nothing happens.
// Call before any thread exists. Answers whom we became.
Result<std::optional<Account>> become_invoking_user();

// The first folder on the way to `path` that `account` may not enter; empty when there is none.
std::optional<std::filesystem::path> closed_folder_on_the_way(const std::filesystem::path& path,
                                                              const Account& account);

}  // namespace tasker::app

// Making the files of a private PostgreSQL: the database folder and the folder of its socket, owned by the account
// that the server runs under. Blocks; used by PrivatePostgres alone.
#pragma once

#include <filesystem>
#include <optional>

#include "app/account.h"
#include "app/data_dir.h"
#include "app/postgres_binaries.h"
#include "base/result.h"

namespace tasker::app {

// The account that the server of this data folder runs under: the owner of existing data when we are root, else
// server_account(). Refuses data of a stranger, and a folder that the account cannot enter.
Result<std::optional<Account>> account_for(const DataDir& dir);

// The server's major version that wrote the existing data; empty when there is none.
std::optional<int> version_of(const std::filesystem::path& pgdata);

// Makes <data>/pgdata with the database `tasker` in it unless it is there. It appears complete or not at all, also
// when `cancel_fd` became readable meanwhile (Code::command_interrupted).
Result<void> make_database(const DataDir& dir, const PostgresBinaries& binaries,
                           const std::optional<Account>& account, int cancel_fd = -1);

// A folder for the socket, closed to everyone else, whose path leaves room for the socket's name: <data>/socket, or
// one in $XDG_RUNTIME_DIR or /tmp when that is too long. Emptied: call it only when no server is left.
Result<std::filesystem::path> make_socket_dir(const DataDir& dir, const std::optional<Account>& account);

}  // namespace tasker::app

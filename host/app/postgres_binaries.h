// Where the PostgreSQL server's own programs are. Debian keeps them out of PATH.
#pragma once

#include <filesystem>
#include <optional>

#include "base/result.h"

namespace tasker::app {

struct PostgresBinaries {
  std::filesystem::path folder;  // holds postgres and initdb
  int major = 0;

  std::filesystem::path postgres() const { return folder / "postgres"; }
  std::filesystem::path initdb() const { return folder / "initdb"; }
};

inline constexpr int kOldestPostgres = 15;

// $TASKER_PG_BIN when set, else the newest below /usr/lib/postgresql, else PATH. With `major` (of existing data),
// exactly that one: a newer server cannot open older data.
Result<PostgresBinaries> find_postgres(std::optional<int> major = std::nullopt);

}  // namespace tasker::app

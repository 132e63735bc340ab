#include "app/postgres_binaries.h"

#include <unistd.h>

#include <cctype>
#include <cstdlib>
#include <sstream>
#include <vector>

#include <spdlog/fmt/fmt.h>

#include "app/child_process.h"

namespace tasker::app {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> candidate_folders() {
  if (const char* chosen = std::getenv("TASKER_PG_BIN"); chosen != nullptr && *chosen != '\0') return {chosen};
  std::vector<fs::path> folders;
  std::error_code ignored;
  for (const auto& version : fs::directory_iterator("/usr/lib/postgresql", ignored))
    folders.push_back(version.path() / "bin");
  const char* path = std::getenv("PATH");
  std::istringstream parts(path == nullptr ? "" : path);
  for (std::string part; std::getline(parts, part, ':');)
    if (!part.empty()) folders.emplace_back(part);
  return folders;
}

// "postgres (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)" -> 15; 0 when it is no server.
int major_of(const fs::path& folder) {
  const auto program = folder / "postgres";
  if (::access(program.c_str(), X_OK) != 0 || ::access((folder / "initdb").c_str(), X_OK) != 0) return 0;
  const auto answer = run({.argv = {program.string(), "--version"}}, std::chrono::seconds(10));
  if (!answer) return 0;
  const auto digits = answer->output.find_first_of("0123456789");
  return digits == std::string::npos ? 0 : std::atoi(answer->output.c_str() + digits);
}

}  // namespace

Result<PostgresBinaries> find_postgres(std::optional<int> major) {
  PostgresBinaries best;
  for (const auto& folder : candidate_folders()) {
    const int found = major_of(folder);
    if (found < kOldestPostgres || (major && found != *major)) continue;
    if (found > best.major) best = {folder, found};
  }
  if (best.major != 0) return best;
  return make_error(
      Code::postgres_missing,
      fmt::format("no PostgreSQL {} server was found below /usr/lib/postgresql, in PATH or in $TASKER_PG_BIN. "
                  "Install it (apt-get install postgresql-{}), or name its folder in TASKER_PG_BIN.",
                  major ? std::to_string(*major) : fmt::format("{} or newer", kOldestPostgres),
                  major.value_or(kOldestPostgres)));
}

}  // namespace tasker::app

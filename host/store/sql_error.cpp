#include "store/sql_error.h"

#include <spdlog/fmt/fmt.h>

#include <pqxx/pqxx>

namespace tasker::store {
namespace {

// libpqxx's texts end in a line break and carry the statement's context, which is ours, on further lines.
std::string_view first_line(std::string_view text) {
  text = text.substr(0, text.find('\n'));
  if (text.starts_with("ERROR:")) text.remove_prefix(6);
  while (text.starts_with(' ')) text.remove_prefix(1);
  return text;
}

constexpr std::string_view kConnecting = "connecting";
constexpr std::string_view kReadOnly = "the server is read-only (a standby after a failover?)";

SqlError call_error(Code code, Retry retry, std::string message) {
  return {SqlFailure::call, make_error(code, std::move(message), retry), {}};
}

SqlError broken(std::string_view text, std::string_view doing) {
  return {SqlFailure::broken,
          make_error(Code::database_unavailable,
                     doing == kConnecting ? fmt::format("cannot connect to the database: {}", first_line(text))
                                          : fmt::format("lost the database during {}: {}", doing, first_line(text)),
                     Retry::later),
          {}};
}

}  // namespace

Error read_only_error() { return broken(kReadOnly, kConnecting).error; }

SqlError sql_error_of(std::string_view state, std::string_view text, std::string_view doing) {
  const std::string_view line = first_line(text);
  const std::string_view group = state.substr(0, 2);
  if (state == "TK001") return call_error(Code::host_dead, Retry::never, std::string(line));
  if (state == "TK002") return call_error(Code::database_newer, Retry::never, std::string(line));
  if (state == "TK010") return call_error(Code::plugin_version_immutable, Retry::never, std::string(line));
  if (state == "TK011") return call_error(Code::version_unknown, Retry::never, std::string(line));
  if (state == "TK012") return call_error(Code::plugin_retired, Retry::never, std::string(line));
  if (state == "TK013") return call_error(Code::plugin_is_default, Retry::never, std::string(line));
  if (state == "TK014") return call_error(Code::unknown_handler, Retry::never, std::string(line));
  if (state == "TK015") return call_error(Code::plugin_not_loaded, Retry::never, std::string(line));
  if (state == "TK016") return call_error(Code::plugin_not_refused, Retry::never, std::string(line));
  if (group == "22" || state == "54001") {
    return call_error(Code::database_bad_value, Retry::never,
                      fmt::format("the database cannot hold a value of {}: {}", doing, line));
  }
  if (state == "40001" || state == "40P01") {
    return {SqlFailure::transient,
            make_error(Code::database_locked,
                       fmt::format("{} met another transaction again and again: {}", doing, line), Retry::later),
            {}};
  }
  if (state == "57014")
    return call_error(Code::database_locked, Retry::later, fmt::format("{} took longer than it may: {}", doing, line));
  if (state == "55P03") {
    return call_error(Code::database_locked, Retry::later,
                      fmt::format("{} waited too long for rows that somebody else holds: {}", doing, line));
  }
  if (state == "25006") {
    return {SqlFailure::read_only, broken(fmt::format("{}: {}", kReadOnly, line), doing).error, {}};
  }
  // Shutting down, starting, too many connections, out of memory or disk: nothing of ours is wrong.
  if (group == "57" || group == "08") return broken(text, doing);
  if (group == "53") {
    return call_error(Code::database_unavailable, Retry::later,
                      fmt::format("the database lacks resources for {}: {}", doing, line));
  }
  return call_error(Code::database_error, Retry::never,
                    fmt::format("the database refused {}: {} (SQLSTATE {})", doing, line, state));
}

SqlError current_sql_error(std::string_view doing) {
  try {
    throw;
  } catch (const pqxx::broken_connection& error) {
    return broken(error.what(), doing);
  } catch (const pqxx::statement_completion_unknown& error) {
    return broken(error.what(), doing);
  } catch (const pqxx::transaction_rollback& error) {
    // Deadlocks and serialization failures are no sql_error in libpqxx 6 and carry no SQLSTATE.
    return sql_error_of("40001", error.what(), doing);
  } catch (const pqxx::sql_error& error) {
    // libpqxx reports a back end that was killed in the middle of a call without a SQLSTATE.
    if (error.sqlstate().empty()) return broken(error.what(), doing);
    SqlError known = sql_error_of(error.sqlstate(), error.what(), doing);
    known.state = error.sqlstate();
    return known;
  } catch (const pqxx::in_doubt_error& error) {
    return broken(error.what(), doing);
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    return {SqlFailure::broken,
            make_error(Code::database_error, fmt::format("{} failed: {}", doing, first_line(error.what()))), {}};
  }
}

}  // namespace tasker::store

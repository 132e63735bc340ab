#include "app/exit_code.h"

#include <cstdio>

#include <spdlog/fmt/fmt.h>

#include "base/json.h"

namespace tasker::app {
namespace {

bool as_json = false;  // set before other threads exist

}  // namespace

ExitCode exit_code_of(const Error& error) {
  switch (error.code) {
    case Code::server_unreachable:
    case Code::database_unavailable: return ExitCode::unreachable;
    case Code::timed_out:
    case Code::command_timed_out: return ExitCode::timed_out;
    case Code::command_interrupted: return ExitCode::interrupted;
    case Code::idempotency_key_reused: return ExitCode::conflict;
    case Code::config_invalid: return ExitCode::failed;  // the file is wrong, not the command line
    default: break;
  }
  switch (code_http_status(error.code)) {
    case 400: return ExitCode::usage;  // what the server refuses about a request came from the command line
    case 401:
    case 403: return ExitCode::not_allowed;
    case 404: return ExitCode::not_found;
    case 409:
    case 412: return ExitCode::conflict;
    default: return ExitCode::failed;
  }
}

void report_as_json() { as_json = true; }

std::string json_of(const Error& error, ExitCode exit_code) {
  return fmt::format(R"({{"error":{{"code":{},"message":{},"exit_code":{}}}}})", json_quote(code_text(error.code)),
                     json_quote(error.message), static_cast<int>(exit_code));
}

ExitCode report(const Error& error) {
  if (as_json) {
    const auto exit_code = exit_code_of(error);
    std::fprintf(stderr, "%s\n", json_of(error, exit_code).c_str());
    return exit_code;
  }
  const auto code = code_text(error.code);
  std::fprintf(stderr, "tasker: %.*s: %s\n", static_cast<int>(code.size()), code.data(), error.message.c_str());
  return exit_code_of(error);
}

}  // namespace tasker::app

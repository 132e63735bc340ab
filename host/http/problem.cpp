#include "http/problem.h"

#include "base/json.h"

namespace tasker::http {
namespace {

// A code that says 404 speaks of something named in the body: 404 for the whole request would blame the path.
int status_in_body(Code code) {
  const int status = code_http_status(code);
  return status == 404 ? 422 : status;
}

void append_member(std::string& out, std::string_view name, std::string_view value) {
  if (out.back() != '{') out += ',';
  out += json_quote(name);
  out += ':';
  out += json_quote(value);
}

std::string begin_problem(Code code, int status, std::string_view detail) {
  std::string out = "{";
  append_member(out, "type", "urn:tasker:error:" + std::string(code_text(code)));
  append_member(out, "title", status_words(status));
  out += ",\"status\":" + std::to_string(status);
  append_member(out, "code", code_text(code));
  append_member(out, "detail", detail);
  return out;
}

Response as_problem(int status, std::string body) {
  Response response;
  response.status = status;
  response.content_type = "application/problem+json";
  response.body = std::move(body) + "\n";
  response.headers.emplace_back("Cache-Control", "no-store");
  if (status == 503) response.headers.emplace_back("Retry-After", "1");
  return response;
}

}  // namespace

std::string_view status_words(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 302:
      return "Found";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 422:
      return "Unprocessable Content";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "Unknown";
  }
}

Response problem(const Error& error) {
  return problem(error, code_http_status(error.code));
}

Response problem(const Error& error, int status) {
  return as_problem(status, begin_problem(error.code, status, error.message) + "}");
}

Response problem_of_parameter(std::string_view parameter, const Error& error) {
  const int status = code_http_status(error.code);
  std::string body = begin_problem(error.code, status, error.message);
  append_member(body, "parameter", parameter);
  return as_problem(status, body + "}");
}

Response problem_of_header(std::string_view header, const Error& error) {
  const int status = code_http_status(error.code);
  std::string body = begin_problem(error.code, status, error.message);
  append_member(body, "header", header);
  return as_problem(status, body + "}");
}

Response problems_of_tasks(const std::vector<engine::Problem>& problems, bool bulk) {
  if (problems.empty()) {
    return problem(
        make_error(Code::internal, "The tasks were refused, but no reason was given. Report this."));
  }
  const engine::Problem& first = problems.front();
  std::string detail = first.message;
  if (bulk) {
    const std::string where = "the task at index " + std::to_string(first.index);
    detail = problems.size() == 1
                 ? "No task was created, because of " + where + ": " + first.message
                 : "No task was created: " + std::to_string(problems.size()) + " things are wrong, the first with " +
                       where + ": " + first.message;
  }
  const int status = status_in_body(first.code);
  std::string body = begin_problem(first.code, status, detail);
  body += ",\"errors\":[";
  for (const engine::Problem& each : problems) {
    if (body.back() != '[') body += ',';
    body += '{';
    if (bulk) body += "\"index\":" + std::to_string(each.index);
    append_member(body, "pointer", each.pointer);
    append_member(body, "code", code_text(each.code));
    append_member(body, "detail", each.message);
    body += '}';
  }
  body += "]}";
  return as_problem(status, std::move(body));
}

}  // namespace tasker::http

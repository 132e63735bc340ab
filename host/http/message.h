// One HTTP request and its response as plain values, so that routes are tested without sockets and without
// Beast. Not a general HTTP model: only the headers that some route looks at are kept. [any]
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tasker::http {

struct Request {
  std::string method = "GET";
  std::string target = "/";  // path and query, still percent-encoded
  std::string body;
  std::string content_type;  // empty: the header is absent
  std::string correlation_id;
  std::string host;
  std::string origin;
  std::string if_none_match;
  std::string prefer;
  std::optional<std::string> idempotency_key;  // an empty one is no key, and refused
  std::string traceparent;
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;  // besides content type and length
};

// Called exactly once, on any thread.
using Respond = std::function<void(Response)>;
using Handler = std::function<void(Request, Respond)>;

}  // namespace tasker::http

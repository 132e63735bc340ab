// One request, as a step's handler_config, filled in from the task, says it. Built and checked before anything is sent.
#pragma once

#include <tasker/sdk.h>

#include <chrono>
#include <cstdint>
#include <string>

#include "service.h"
#include "url.h"

namespace std_http {

using std::chrono::milliseconds;

struct Backoff {
  bool enabled = true;  // of a 429 or 503 that does not say when to come back
  double delay_seconds = 1;
  double jitter = 0.1;
};

struct Request {
  std::string method;
  Url url;
  Headers headers;
  std::string body;
  bool has_body = false;
  bool verify = true;
  std::string ca_file;  // empty: those of the system
  milliseconds timeout{30'000};
  milliseconds connect_timeout{10'000};
  std::size_t max_bytes = 1 << 20;
  int max_redirects = 5;
  Backoff backoff;

  // Whether the method may be sent twice with the effect of once, as RFC 9110 has it.
  bool is_idempotent() const { return method != "POST" && method != "PATCH"; }
  bool is_read() const { return method == "GET" || method == "HEAD"; }
};

// Throws PermanentError.
Request request_from(tasker::Call& call, const Outside& outside);

}  // namespace std_http

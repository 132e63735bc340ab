// HTTP requests by libcurl: sends one, waits no longer than it was told, and says what an answer means for the step.
#pragma once

#include <tasker/sdk.h>

#include <chrono>
#include <optional>
#include <string>

class HttpClient {
 public:
  struct Request {
    std::string method, url;
    std::string body;  // JSON; none with GET
    std::string idempotency_key;
    std::chrono::milliseconds timeout{10'000};
  };
  struct Answer {
    long status = 0;
    std::string body;
    std::optional<std::chrono::milliseconds> retry_after;

    // 429 and 503 are retried when the server says, other troubles of its own after the backoff; what the request
    // itself is refused for is final. The code is HTTP_<status>.
    void throw_unless_good() const;
    // null when there is none; final when it is not JSON.
    tasker::Json json() const;
  };

  HttpClient();
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // As the step's handler_config has it; the body is the results of its parents.
  static Request request_of(tasker::Call& call);
  // Throws RetryableError when there is no answer, Cancelled when the host asks to stop meanwhile.
  Answer send(const Request& request, const tasker::Call& call) const;
};

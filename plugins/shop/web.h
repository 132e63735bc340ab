// JSON over HTTP for the examples: std/http's client and its reading of a status, which is the seed's. 400,
// 401, 403, 404 and 422 are final, 429 and 503 are tried again when the server says, any other by the step's
// retry policy; the code is HTTP_<status>. Also throws what std_http::transfer throws, and RetryableError
// http.bad_answer for what is no JSON. [worker]
#pragma once

#include <tasker/sdk.h>

#include <string>

#include "std/http/src/transfer.h"

namespace shop {

class Web {
 public:
  // The step's handler_config may say `timeout_seconds`, 0.001 to 3600; 10 unless it does. Both send the
  // task's correlation id as X-Correlation-ID.
  tasker::Json get(tasker::Call& call, const std::string& url) const;
  // With the step's idempotency key as the header Idempotency-Key.
  tasker::Json post(tasker::Call& call, const std::string& url, const tasker::Json& body) const;

 private:
  tasker::Json send(tasker::Call& call, std_http::Request request) const;

  std_http::Curl curl_;
  std_http::Outside outside_{tasker::Json::object()};
};

}  // namespace shop

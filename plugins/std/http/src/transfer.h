// Sends a request by libcurl and takes its answer in, on the calling thread, within the request's limits; ends early when
// the attempt is to stop. Redirects are followed for reads alone, to hosts that are allowed, never from https to http;
// to another origin without the request's own headers.
#pragma once

#include <tasker/sdk.h>

#include "answer.h"
#include "request.h"

namespace std_http {

// Holds what libcurl needs for the whole process; one in each plugin's state.
class Curl {
 public:
  Curl();
  ~Curl();
  Curl(const Curl&) = delete;
  Curl& operator=(const Curl&) = delete;
};

// Throws RetryableError (http.timeout, http.unreachable, http.tls), PermanentError (http.too_large,
// http.too_many_redirects, http.bad_url, http.host_not_allowed) or Cancelled. [worker]
Answer transfer(const Request& request, const tasker::Call& call, const Outside& outside);

}  // namespace std_http

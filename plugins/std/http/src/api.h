// The plugin's state and its one handler: a request is built from the step, sent, and its answer judged.
#pragma once

#include <tasker/sdk.h>

#include "service.h"
#include "transfer.h"

namespace std_http {

class Api {
 public:
  explicit Api(const tasker::Json& configuration) : outside_(configuration) {}

  tasker::Json request(tasker::Call& call);  // [worker]

 private:
  Curl curl_;
  Outside outside_;  // constant
};

}  // namespace std_http

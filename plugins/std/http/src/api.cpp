#include "api.h"

#include "request.h"
#include "status.h"

namespace std_http {

tasker::Json Api::request(tasker::Call& call) {
  const Request request = request_from(call, outside_);
  const Answer answer = transfer(request, call, outside_);
  judge(answer, request.backoff, call.attempt(), std::time(nullptr));
  return to_result(answer);
}

}  // namespace std_http

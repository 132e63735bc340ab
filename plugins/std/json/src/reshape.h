// Makes a JSON value out of others: `result` is a template that is filled in, or `pointers` names the values of
// `document` that go into a new object. [worker]
#pragma once

#include <tasker/sdk.h>

namespace std_json {

tasker::Json reshape(tasker::Call& call);

}  // namespace std_json

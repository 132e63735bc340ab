// Refusals as application/problem+json (RFC 9457): a stable code, a sentence, and for task bodies one entry
// for each thing that is wrong. `type` is a name, not an address: nothing has to be reachable to understand
// it. [any]
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/api.h"
#include "http/message.h"

namespace tasker::http {

// The words that go with a status: "Not Found".
std::string_view status_words(int status);

Response problem(const Error& error);
// With the status given, where the code's own would mislead.
Response problem(const Error& error, int status);

// With the query parameter that is wrong, as member `parameter`; or the header, as member `header`.
Response problem_of_parameter(std::string_view parameter, const Error& error);
Response problem_of_header(std::string_view header, const Error& error);

// What is wrong with the tasks of one request. `bulk` says whether the index is worth showing.
Response problems_of_tasks(const std::vector<engine::Problem>& problems, bool bulk);

}  // namespace tasker::http

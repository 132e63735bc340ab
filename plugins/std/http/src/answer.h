// What a server answered, and how a step's result shows it. Pure.
#pragma once

#include <tasker/sdk.h>

#include <map>
#include <string>

namespace std_http {

struct Answer {
  long status = 0;
  std::map<std::string, std::string> headers;  // names in lower case; values of one name joined by ", "
  std::string body;
  std::string url;  // the last one, after redirects

  const std::string* header(const char* name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? nullptr : &found->second;
  }
};

// {"status", "headers", "url", "body"}: JSON where the server says that it is, else text; "body_base64" when the
// bytes are no UTF-8. Throws RetryableError http.bad_answer for JSON that is none.
tasker::Json to_result(const Answer& answer);

}  // namespace std_http

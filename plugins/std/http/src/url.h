// URLs, checked by the same parser that will use them, so that what was allowed is what is called. Pure functions.
#pragma once

#include <string>

namespace std_http {

struct Url {
  std::string text;    // as it is requested
  std::string scheme;  // http or https
  std::string host;    // in lower case
  std::string port;    // also where the URL leaves it out

  bool same_origin(const Url& other) const {
    return scheme == other.scheme && host == other.host && port == other.port;
  }
};

// Throws PermanentError http.bad_url: no URL, another scheme, no host, or a user name or password in it.
Url url_from(const std::string& text);

}  // namespace std_http

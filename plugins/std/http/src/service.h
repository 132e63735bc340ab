// What the plugin's configuration says of the world outside: named services with their base URL and secret headers, and
// the hosts that may be called at all. Constant after construction.
#pragma once

#include <tasker/sdk.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "url.h"

namespace std_http {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Service {
  std::string base;  // without a slash at its end
  Headers headers;
  std::string ca_file;
};

class Outside {
 public:
  // Throws PermanentError config.invalid.
  explicit Outside(const tasker::Json& configuration);

  const Service& service(const std::string& name) const;  // throws http.unknown_service
  // Throws PermanentError http.host_not_allowed.
  void check_allowed(const Url& url) const;

  const std::string& ca_file() const { return ca_file_; }
  const std::string& proxy() const { return proxy_; }

 private:
  std::map<std::string, Service> services_;
  std::vector<Url> bases_;  // of the services, which are always allowed
  bool allows_all_ = true;
  std::vector<std::string> hosts_;
  std::string ca_file_, proxy_;
};

// Throws PermanentError config.invalid for a header that would change how the request is read.
void check_header(const std::string& name, const std::string& value);

}  // namespace std_http

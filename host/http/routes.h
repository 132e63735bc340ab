// Method and path to a call of the service layer and back to JSON. Knows no socket, no SQL and no plugin;
// answers of the service are passed through as the text they are. `handle` may be called on any thread and
// never blocks; `respond` is called once, on whatever thread the service replies. Owned by the server.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "engine/api.h"
#include "http/message.h"

namespace tasker::http {

struct RouteOptions {
  std::string mount = "/tasker";  // begins with '/', does not end with it; empty: the root
  // Without authentication a web page in the user's browser must not reach us by another name (DNS rebinding)
  // nor post across origins.
  bool local_names_only = true;
  std::chrono::seconds idempotency_life = std::chrono::hours(24);  // of an Idempotency-Key
};

class Routes {
 public:
  Routes(engine::Api& api, RouteOptions options);
  ~Routes();

  void handle(Request request, Respond respond);  // [any]

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// Whether a Host header means this machine: localhost, *.localhost, 127.x.x.x or [::1], with or without a
// port.
bool is_local_name(std::string_view host);

}  // namespace tasker::http

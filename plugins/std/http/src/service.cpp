#include "service.h"

#include <strings.h>

#include <algorithm>
#include <array>

#include "template/options.h"

namespace std_http {
namespace {

// "api.example.org", "api.example.org:8443", "*.example.org", "[::1]".
bool matches(const std::string& pattern, const Url& url) {
  const std::string with_port = url.host + ":" + url.port;
  if (!pattern.starts_with("*.")) return pattern == url.host || pattern == with_port;
  const std::string end = pattern.substr(1);
  return (url.host.size() > end.size() && url.host.ends_with(end)) ||
         (with_port.size() > end.size() && with_port.ends_with(end));
}

bool is_token(const std::string& text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](unsigned char c) {
    return std::isalnum(c) != 0 || kMarks.find(static_cast<char>(c)) != std::string_view::npos;
  });
}

Service service_from(const std::string& name, const tasker::Json& written) {
  const std::string what = "std/http's configuration services/" + name;
  const stock::Options options(written, what, {"url", "headers", "ca_file"});
  Service service{options.text("url"), stock::text_members(options.object("headers"), what + "/headers"),
                  options.text("ca_file", "")};
  while (service.base.ends_with('/')) service.base.pop_back();
  if (service.base.find_first_of("?#") != std::string::npos) options.fail("has a url with a query or a fragment");
  for (const auto& [header, value] : service.headers) check_header(header, value);
  return service;
}

}  // namespace

void check_header(const std::string& name, const std::string& value) {
  constexpr std::array<const char*, 4> kOurs = {"Content-Length", "Transfer-Encoding", "Connection", "Host"};
  if (!is_token(name)) throw tasker::PermanentError("\"" + name + "\" is no name of a header", "config.invalid");
  for (const char* ours : kOurs)
    if (strcasecmp(name.c_str(), ours) == 0)
      throw tasker::PermanentError("the header " + name + " is set by std/http itself", "config.invalid");
  if (std::any_of(value.begin(), value.end(), [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; }))
    throw tasker::PermanentError("the header " + name + " has a line end or another control character in it",
                                 "config.invalid");
}

Outside::Outside(const tasker::Json& configuration) {
  const stock::Options options(configuration, "std/http's configuration", {"services", "allow_hosts", "ca_file", "proxy"});
  ca_file_ = options.text("ca_file", "");
  proxy_ = options.text("proxy", "");
  for (const auto& [name, written] : options.object("services").items()) {
    const auto& service = services_[name] = service_from(name, written);
    bases_.push_back(url_from(service.base));
  }
  allows_all_ = !options.has("allow_hosts");
  hosts_ = options.texts("allow_hosts");
  for (auto& host : hosts_)
    std::transform(host.begin(), host.end(), host.begin(), [](unsigned char c) { return std::tolower(c); });
}

const Service& Outside::service(const std::string& name) const {
  const auto found = services_.find(name);
  if (found != services_.end()) return found->second;
  throw tasker::PermanentError("std/http's configuration has no service \"" + name + "\"", "http.unknown_service");
}

void Outside::check_allowed(const Url& url) const {
  const auto fits = [&](const std::string& pattern) { return matches(pattern, url); };
  const auto serves = [&](const Url& base) { return base.same_origin(url); };
  if (allows_all_ || std::any_of(hosts_.begin(), hosts_.end(), fits) || std::any_of(bases_.begin(), bases_.end(), serves))
    return;
  throw tasker::PermanentError("allow_hosts of std/http's configuration does not have " + url.host + ":" + url.port,
                               "http.host_not_allowed");
}

}  // namespace std_http

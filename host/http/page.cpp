#include "http/page.h"

#include <cstdint>

#include <spdlog/fmt/fmt.h>

namespace tasker::http {
namespace {

constexpr std::string_view kMountMark = "{{mount}}";

// Only our own files may run or style, only our own paths may be asked: an escaped string that slips through
// the page's own care still cannot become code.
constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

std::uint64_t fnv1a(std::string_view text) {
  std::uint64_t hash = 14695981039346656037U;
  for (char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  return hash;
}

}  // namespace

PageFile::PageFile(std::string content_type, std::string content)
    : content_type_(std::move(content_type)),
      content_(std::move(content)),
      etag_(fmt::format("\"{:016x}\"", fnv1a(content_))) {}

Response PageFile::answer(const Request& request) const {
  Response response;
  response.content_type = content_type_;
  response.headers = {{"ETag", etag_},
                      {"Cache-Control", "no-cache"},
                      {"Content-Security-Policy", std::string(kPolicy)},
                      {"X-Frame-Options", "DENY"},
                      {"Referrer-Policy", "no-referrer"}};
  if (request.if_none_match.find(etag_) != std::string::npos || request.if_none_match == "*") {
    response.status = 304;
  } else {
    response.body = content_;
  }
  return response;
}

std::string mounted_html(std::string_view mount) {
  std::string html(page_html());
  for (std::size_t at = html.find(kMountMark); at != std::string::npos; at = html.find(kMountMark, at)) {
    html.replace(at, kMountMark.size(), mount);
    at += mount.size();
  }
  return html;
}

}  // namespace tasker::http

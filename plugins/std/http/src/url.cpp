#include "url.h"

#include <curl/curl.h>
#include <tasker/sdk.h>

#include <algorithm>
#include <memory>

namespace std_http {
namespace {

std::string part(CURLU* url, CURLUPart which, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, which, &text, flags) != CURLUE_OK) return {};
  const std::unique_ptr<char, decltype(&curl_free)> owned(text, &curl_free);
  return text;
}

// Its sentence never holds the query, where people put keys.
[[noreturn]] void refuse(const std::string& text, const std::string& why) {
  throw tasker::PermanentError("the URL " + text.substr(0, std::min(text.find('?'), std::size_t{200})) + " " + why,
                               "http.bad_url");
}

}  // namespace

Url url_from(const std::string& text) {
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parsed(curl_url(), &curl_url_cleanup);
  if (const auto wrong = curl_url_set(parsed.get(), CURLUPART_URL, text.c_str(), CURLU_NON_SUPPORT_SCHEME);
      wrong != CURLUE_OK || text.find('\0') != std::string::npos)
    refuse(text, std::string("cannot be understood: ") + curl_url_strerror(wrong));
  if (!part(parsed.get(), CURLUPART_USER).empty() || !part(parsed.get(), CURLUPART_PASSWORD).empty())
    refuse("", "holds a user name or password: give them as a header");
  Url url{part(parsed.get(), CURLUPART_URL), part(parsed.get(), CURLUPART_SCHEME), part(parsed.get(), CURLUPART_HOST),
          part(parsed.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT)};
  if (url.scheme != "http" && url.scheme != "https") refuse(text, "is neither http nor https");
  if (url.host.empty()) refuse(text, "names no host");
  std::transform(url.host.begin(), url.host.end(), url.host.begin(), [](unsigned char c) { return std::tolower(c); });
  return url;
}

}  // namespace std_http

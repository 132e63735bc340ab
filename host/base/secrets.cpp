#include "base/secrets.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <memory>
#include <mutex>

namespace tasker {
namespace {

constexpr std::size_t kShortestHidden = 5;
// The end of a name, in lower case and without - and _: db_password, X-Api-Key, clientSecret.
constexpr std::array<std::string_view, 9> kNames = {"password",   "passwd",     "passphrase",  "secret",       "token",
                                                    "apikey", "privatekey", "credentials", "accesskey"};

struct Span {
  std::size_t begin, end;
  bool is_bare_json = false;  // a number, say: what stands for it needs quotes
};

bool is_name_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
}

// The name that ends before `end` is one of a secret.
bool names_a_secret(std::string_view text, std::size_t end) {
  std::string name;
  for (std::size_t at = end; at > 0 && is_name_character(text[at - 1]) && name.size() < 32; --at)
    if (text[at - 1] != '_' && text[at - 1] != '-')
      name.insert(name.begin(), static_cast<char>(std::tolower(static_cast<unsigned char>(text[at - 1]))));
  return std::ranges::any_of(kNames, [&](std::string_view known) { return name.ends_with(known); });
}

std::size_t skip_spaces(std::string_view text, std::size_t at) {
  while (at < text.size() && text[at] == ' ') ++at;
  return at;
}

// A value in quotes, without them, or up to what ends a bare word.
Span value_at(std::string_view text, std::size_t at, std::string_view ends) {
  if (at < text.size() && (text[at] == '"' || text[at] == '\'')) {
    std::size_t end = at + 1;
    while (end < text.size() && text[end] != text[at]) end += text[end] == '\\' ? 2 : 1;
    return {at + 1, std::min(end, text.size())};
  }
  return {at, std::min(text.find_first_of(ends, at), text.size())};
}

// scheme://user:password@host
Span in_uri(std::string_view text, std::size_t colon) {
  if (text.substr(colon, 3) != "://") return {colon, colon};
  const auto authority = text.substr(0, std::min(text.find_first_of(" \t\n\"'<>?#/", colon + 3), text.size()));
  const std::size_t at = authority.rfind('@'), middle = authority.find(':', colon + 3);
  if (at == std::string_view::npos || at < colon + 3 || middle == std::string_view::npos || middle >= at) return {colon, colon};
  return {middle + 1, at};
}

// The secret behind a separator at `at`; empty when there is none.
Span behind(std::string_view text, std::size_t at) {
  std::size_t name = at;
  while (name > 0 && text[name - 1] == ' ') --name;
  if (text[at] == '=' && names_a_secret(text, name)) return value_at(text, skip_spaces(text, at + 1), " \t\n\"',;&)}]");
  if (text[at] != ':') return {at, at};
  if (name > 0 && text[name - 1] == '"' && names_a_secret(text, name - 1)) {
    const std::size_t value = skip_spaces(text, at + 1);
    if (value < text.size() && (text[value] == '{' || text[value] == '[')) return {at, at};  // what is inside has names
    Span span = value_at(text, value, ",}] \n");
    span.is_bare_json = span.begin == value;
    return span;
  }
  return in_uri(text, at);
}

template <class Act>
void each_secret(std::string_view text, Act&& act) {
  for (std::size_t at = text.find_first_of("=:"); at != std::string_view::npos;) {
    const Span found = behind(text, at);
    if (found.end > found.begin) act(found);
    at = text.find_first_of("=:", std::max(at + 1, found.end));
  }
}

std::string percent_decoded(std::string_view text) {
  const auto digit = [](char c) { return std::isdigit(static_cast<unsigned char>(c)) ? c - '0' : (c | 0x20) - 'a' + 10; };
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool encoded = text[i] == '%' && i + 2 < text.size() && std::isxdigit(static_cast<unsigned char>(text[i + 1])) &&
                         std::isxdigit(static_cast<unsigned char>(text[i + 2]));
    out += encoded ? static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2])) : text[i];
    if (encoded) i += 2;
  }
  return out;
}

// Read for every line and written a few times: readers take a snapshot. Never destroyed, as the log is not.
struct Hidden {
  std::mutex mutex;
  std::shared_ptr<const std::vector<std::string>> values = std::make_shared<std::vector<std::string>>();
};
Hidden& hidden() {
  static Hidden* const instance = new Hidden;
  return *instance;
}

std::shared_ptr<const std::vector<std::string>> hidden_values() {
  std::lock_guard lock(hidden().mutex);
  return hidden().values;
}

}  // namespace

std::string masked(std::string_view text) {
  std::string out;
  std::size_t done = 0;
  each_secret(text, [&](Span span) {
    out.append(text.substr(done, span.begin - done)).append(span.is_bare_json ? "\"***\"" : kMask);
    done = span.end;
  });
  out.append(text.substr(done));
  for (const std::string& value : *hidden_values())
    for (std::size_t at = out.find(value); at != std::string::npos; at = out.find(value, at + kMask.size()))
      out.replace(at, value.size(), kMask);
  return out;
}

std::vector<std::string> secrets_in(std::string_view text) {
  std::vector<std::string> found;
  each_secret(text, [&](Span span) {
    const auto written = text.substr(span.begin, span.end - span.begin);
    found.emplace_back(written);
    if (auto meant = percent_decoded(written); meant != written) found.push_back(std::move(meant));
  });
  return found;
}

void hide(std::string secret) {
  if (secret.size() < kShortestHidden || secret == kMask) return;
  std::lock_guard lock(hidden().mutex);
  auto next = std::make_shared<std::vector<std::string>>(*hidden().values);
  if (std::ranges::find(*next, secret) != next->end()) return;
  next->push_back(std::move(secret));
  // The longest first: a short one must not leave the rest of a longer one standing.
  std::ranges::sort(*next, std::ranges::greater{}, &std::string::size);
  hidden().values = std::move(next);
}

}  // namespace tasker

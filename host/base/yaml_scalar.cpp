#include "base/yaml_scalar.h"

#include <charconv>
#include <cstdint>

#include "base/json.h"

namespace tasker::yaml {
namespace {

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  for (std::string_view word : words) {
    if (text == word) return true;
  }
  return false;
}

std::size_t digits_at(std::string_view text, std::size_t at) {
  std::size_t count = 0;
  while (at + count < text.size() && text[at + count] >= '0' && text[at + count] <= '9') ++count;
  return count;
}

std::string_view without_leading_zeros(std::string_view digits) {
  while (digits.size() > 1 && digits[0] == '0') digits.remove_prefix(1);
  return digits;
}

// [-+]?(\.d+|d+(\.d*)?)([eE][-+]?d+)? as JSON writes it; empty when `text` is none.
std::string decimal(std::string_view text, bool& real) {
  std::string out;
  std::size_t at = 0;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    if (text[0] == '-') out.push_back('-');
    at = 1;
  }
  const std::size_t whole = digits_at(text, at);
  out.append(whole == 0 ? "0" : without_leading_zeros(text.substr(at, whole)));
  at += whole;
  std::size_t fraction = 0;
  if (at < text.size() && text[at] == '.') {
    fraction = digits_at(text, at + 1);
    out.append(".").append(fraction == 0 ? "0" : text.substr(at + 1, fraction));
    at += 1 + fraction;
    real = true;
  }
  if (whole + fraction == 0) return {};
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    std::size_t sign = at + 1 < text.size() && (text[at + 1] == '-' || text[at + 1] == '+') ? 1 : 0;
    const std::size_t exponent = digits_at(text, at + 1 + sign);
    if (exponent == 0) return {};
    out.append(text, at, 1 + sign + exponent);
    at += 1 + sign + exponent;
    real = true;
  }
  return at == text.size() ? out : std::string{};
}

}  // namespace

bool resolve_plain(std::string_view text, Node& node) {
  const auto become = [&node](Kind kind, std::string_view json) {
    node.kind = kind;
    node.text = json;
    return true;
  };
  if (is_one_of(text, {"", "~", "null", "Null", "NULL"})) return become(Kind::null, "null");
  if (is_one_of(text, {"true", "True", "TRUE"})) return become(Kind::boolean, "true");
  if (is_one_of(text, {"false", "False", "FALSE"})) return become(Kind::boolean, "false");
  std::string_view unsigned_text = text;
  if (text[0] == '-' || text[0] == '+') unsigned_text.remove_prefix(1);
  if (is_one_of(unsigned_text, {".inf", ".Inf", ".INF"}) || is_one_of(text, {".nan", ".NaN", ".NAN"}))
    return false;
  if (text.starts_with("0x") || text.starts_with("0o")) {
    const std::string_view digits = text.substr(2);
    std::uint64_t value = 0;
    const char* const end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, value, text[1] == 'x' ? 16 : 8);
    if (stop == end && error == std::errc::result_out_of_range) return false;
    if (stop == end && error == std::errc{}) return become(Kind::integer, std::to_string(value));
    return become(Kind::string, text);
  }
  bool real = false;
  const std::string number = decimal(text, real);
  if (number.empty()) return become(Kind::string, text);
  if (!check_json(number)) return false;
  return become(real ? Kind::real : Kind::integer, number);
}

}  // namespace tasker::yaml

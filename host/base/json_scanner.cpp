#include "base/json_scanner.h"

#include <algorithm>
#include <bitset>
#include <cstdint>
#include <cstring>

#include <fmt/format.h>

#include "base/utf8.h"

namespace tasker::json {
namespace {

constexpr int kMaxSupportedDepth = 512;
// PostgreSQL's numeric: digits before and after the decimal point.
constexpr std::int64_t kMaxIntegerDigits = 131072;
constexpr std::int64_t kMaxFractionDigits = 16383;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Four hex digits at `at`, or -1.
std::int32_t hex4(std::string_view text, std::size_t at) {
  if (at + 4 > text.size()) return -1;
  std::int32_t value = 0;
  for (std::size_t i = at; i < at + 4; ++i) {
    const int digit = hex_value(text[i]);
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

bool is_high_surrogate(std::int32_t unit) {
  return unit >= 0xD800 && unit <= 0xDBFF;
}
bool is_low_surrogate(std::int32_t unit) {
  return unit >= 0xDC00 && unit <= 0xDFFF;
}

class Scanner {
 public:
  Scanner(std::string_view text, const JsonLimits& limits, Sink* sink)
      : text_(text), max_depth_(std::min(limits.max_depth, kMaxSupportedDepth)), sink_(sink) {}

  // One loop instead of recursion; `expect_` says what may come next.
  Result<JsonKind> run() {
    skip_space();
    if (at_end()) return fail("the text is empty");
    const JsonKind kind = kind_at(text_[at_]);
    while (true) {
      if (!step()) return fail(problem_);
      skip_space();
      if (depth_ == 0 && expect_ == Expect::after_value) break;
      if (at_end()) return fail("the text ends in the middle of a value");
    }
    if (!at_end()) return fail("there is more text after the value");
    return kind;
  }

 private:
  enum class Expect { value, value_or_close, key, key_or_close, after_value };

  bool at_end() const { return at_ >= text_.size(); }
  void skip_space() {
    while (!at_end() && is_space(text_[at_])) ++at_;
  }
  bool refuse(std::string_view problem) {
    problem_ = problem;
    return false;
  }

  bool step() {
    const char c = text_[at_];
    switch (expect_) {
      case Expect::value_or_close:
        if (c == ']') return close();
        return value();
      case Expect::value:
        return value();
      case Expect::key_or_close:
        if (c == '}') return close();
        return key();
      case Expect::key:
        return key();
      case Expect::after_value:
        return after_value(c);
    }
    return false;
  }

  bool after_value(char c) {
    const bool in_object = objects_[static_cast<std::size_t>(depth_ - 1)];
    if (c == ',') {
      ++at_;
      expect_ = in_object ? Expect::key : Expect::value;
      return true;
    }
    if (c == (in_object ? '}' : ']')) return close();
    return refuse(in_object ? "expected , or } after a member" : "expected , or ] after an element");
  }

  bool value() {
    const JsonKind kind = kind_at(text_[at_]);
    if (kind == JsonKind::object || kind == JsonKind::array) return open(kind);
    const std::size_t start = at_;
    bool good = false;
    switch (kind) {
      case JsonKind::string:
        good = string();
        break;
      case JsonKind::boolean:
        good = word(text_[at_] == 't' ? "true" : "false");
        break;
      case JsonKind::null:
        good = word("null");
        break;
      default:
        good = number();
        break;
    }
    if (!good) return false;
    if (sink_) sink_->scalar(kind, text_.substr(start, at_ - start));
    expect_ = Expect::after_value;
    return true;
  }

  bool open(JsonKind kind) {
    if (depth_ == max_depth_) return refuse("arrays and objects are nested too deeply");
    const bool is_object = kind == JsonKind::object;
    objects_[static_cast<std::size_t>(depth_++)] = is_object;
    if (sink_) sink_->begin(kind, at_);
    ++at_;
    expect_ = is_object ? Expect::key_or_close : Expect::value_or_close;
    return true;
  }

  bool close() {
    --depth_;
    ++at_;
    expect_ = Expect::after_value;
    if (sink_) sink_->end(at_);
    return true;
  }

  bool key() {
    if (text_[at_] != '"') return refuse("expected a member name in double quotes");
    const std::size_t start = at_;
    if (!string()) return false;
    const std::size_t end = at_;
    skip_space();
    if (at_end() || text_[at_] != ':') return refuse("expected : after a member name");
    ++at_;
    if (sink_) sink_->key(text_.substr(start, end - start));
    expect_ = Expect::value;
    return true;
  }

  bool word(std::string_view expected) {
    if (text_.substr(at_, expected.size()) != expected) return refuse("expected a JSON value");
    at_ += expected.size();
    return true;
  }

  // Eight bytes at a time while none of them is a quote, a backslash, a control character or beyond ASCII.
  void skip_plain() {
    constexpr std::uint64_t kOnes = 0x0101010101010101, kHighs = 0x8080808080808080;
    const auto has_zero = [](std::uint64_t word) { return (word - kOnes) & ~word & kHighs; };
    for (std::uint64_t word; at_ + sizeof(word) <= text_.size(); at_ += sizeof(word)) {
      std::memcpy(&word, text_.data() + at_, sizeof(word));
      const std::uint64_t controls = (word - kOnes * 0x20) & ~word & kHighs;
      if ((controls | has_zero(word ^ kOnes * '"') | has_zero(word ^ kOnes * '\\') | (word & kHighs)) != 0) return;
    }
  }

  bool string() {
    ++at_;
    skip_plain();
    while (!at_end()) {
      const auto c = static_cast<unsigned char>(text_[at_]);
      if (c == '"') return ++at_, true;
      if (c == '\\') {
        if (!escape()) return false;
        skip_plain();
      } else if (c < 0x20) {
        return refuse("a control character inside a string must be escaped");
      } else if (c < 0x80) {
        ++at_;
      } else {
        const std::size_t length = utf8_length(text_, at_);
        if (length == 0) return refuse("the text is not valid UTF-8");
        at_ += length;
      }
    }
    return refuse("a string is not closed");
  }

  bool escape() {
    const char c = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    if (c != 'u') {
      if (c == '\0' || std::string_view("\"\\/bfnrt").find(c) == std::string_view::npos) {
        return refuse("unknown escape in a string");
      }
      at_ += 2;
      return true;
    }
    const std::int32_t unit = hex4(text_, at_ + 2);
    if (unit < 0) return refuse("\\u needs four hexadecimal digits");
    if (unit == 0) return refuse("\\u0000 cannot be stored: PostgreSQL's jsonb refuses it");
    if (is_low_surrogate(unit)) return refuse("a low surrogate has no high surrogate before it");
    at_ += 6;
    if (!is_high_surrogate(unit)) return true;
    const bool paired = text_.substr(at_, 2) == "\\u" && is_low_surrogate(hex4(text_, at_ + 2));
    if (!paired) return refuse("a high surrogate has no low surrogate after it");
    at_ += 6;
    return true;
  }

  std::int64_t digits() {
    const std::size_t start = at_;
    while (!at_end() && is_digit(text_[at_])) ++at_;
    return static_cast<std::int64_t>(at_ - start);
  }

  bool number() {
    const std::size_t start = at_;
    if (text_[at_] == '-') ++at_;
    const bool zero = !at_end() && text_[at_] == '0';
    const std::int64_t whole = digits();
    if (whole == 0) return at_ = start, refuse("expected a JSON value");
    if (zero && whole > 1) return refuse("a number has a leading zero");
    std::int64_t fraction = 0;
    if (!at_end() && text_[at_] == '.') {
      ++at_;
      fraction = digits();
      if (fraction == 0) return refuse("a number needs digits after its decimal point");
    }
    std::int64_t exponent = 0;
    if (!at_end() && (text_[at_] == 'e' || text_[at_] == 'E') && !parse_exponent(exponent)) return false;
    if (whole + exponent > kMaxIntegerDigits || fraction - exponent > kMaxFractionDigits) {
      return refuse("a number is out of the range of PostgreSQL's numeric");
    }
    return true;
  }

  bool parse_exponent(std::int64_t& exponent) {
    ++at_;
    const bool negative = !at_end() && text_[at_] == '-';
    if (!at_end() && (text_[at_] == '-' || text_[at_] == '+')) ++at_;
    const std::size_t start = at_;
    if (digits() == 0) return refuse("a number needs digits in its exponent");
    for (std::size_t i = start; i < at_; ++i) {
      // Saturates far beyond the range, before it could wrap.
      if (exponent < 1'000'000'000) exponent = exponent * 10 + (text_[i] - '0');
    }
    if (negative) exponent = -exponent;
    return true;
  }

  Error fail(std::string_view problem) const {
    std::size_t line = 1;
    std::size_t line_start = 0;
    for (std::size_t i = 0; i < at_ && i < text_.size(); ++i) {
      if (text_[i] == '\n') {
        ++line;
        line_start = i + 1;
      }
    }
    return make_error(Code::invalid_json, fmt::format("JSON at byte {} (line {}, column {}): {}", at_, line,
                                                      at_ - line_start + 1, problem));
  }

  std::string_view text_;
  int max_depth_;
  Sink* sink_;
  std::size_t at_ = 0;
  int depth_ = 0;
  Expect expect_ = Expect::value;
  std::bitset<kMaxSupportedDepth> objects_;
  std::string_view problem_;
};

}  // namespace

Result<JsonKind> scan(std::string_view text, const JsonLimits& limits, Sink* sink) {
  if (text.size() > limits.max_bytes) {
    return make_error(Code::too_large, fmt::format("JSON text has {} bytes; at most {} are taken",
                                                   text.size(), limits.max_bytes));
  }
  return Scanner(text, limits, sink).run();
}

void append_utf8(std::uint32_t c, std::string& out) {
  const auto byte = [&out](std::uint32_t value) { out.push_back(static_cast<char>(value)); };
  if (c < 0x80) return byte(c);
  if (c < 0x800) return byte(0xC0 | (c >> 6)), byte(0x80 | (c & 0x3F));
  if (c < 0x10000) return byte(0xE0 | (c >> 12)), byte(0x80 | ((c >> 6) & 0x3F)), byte(0x80 | (c & 0x3F));
  byte(0xF0 | (c >> 18));
  byte(0x80 | ((c >> 12) & 0x3F));
  byte(0x80 | ((c >> 6) & 0x3F));
  byte(0x80 | (c & 0x3F));
}

void append_unescaped(std::string_view quoted, std::string& out) {
  const std::string_view text = quoted.substr(1, quoted.size() - 2);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out.push_back(text[i]);
      continue;
    }
    switch (const char c = text[++i]) {
      case 'b':
        out.push_back('\b');
        break;
      case 'f':
        out.push_back('\f');
        break;
      case 'n':
        out.push_back('\n');
        break;
      case 'r':
        out.push_back('\r');
        break;
      case 't':
        out.push_back('\t');
        break;
      case 'u': {
        std::int32_t unit = hex4(text, i + 1);
        i += 4;
        if (is_high_surrogate(unit)) {
          unit = 0x10000 + ((unit - 0xD800) << 10) + (hex4(text, i + 3) - 0xDC00);
          i += 6;
        }
        append_utf8(static_cast<std::uint32_t>(unit), out);
        break;
      }
      default:
        out.push_back(c);
    }
  }
}

}  // namespace tasker::json

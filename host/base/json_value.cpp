#include "base/json_value.h"

#include <algorithm>
#include <map>

#include "base/json_scanner.h"

namespace tasker::json {
namespace {

class TreeBuilder final : public Sink {
 public:
  explicit TreeBuilder(std::string_view source) : source_(source) {}

  void begin(JsonKind kind, std::size_t at) override {
    Value& value = place();
    value.kind = kind;
    value.text = source_.substr(at);
    open_.push_back(&value);
  }
  void end(std::size_t at) override {
    Value& value = *open_.back();
    const auto start = static_cast<std::size_t>(value.text.data() - source_.data());
    value.text = source_.substr(start, at - start);
    open_.pop_back();
  }
  void key(std::string_view quoted) override {
    Member& member = open_.back()->members.emplace_back();
    append_unescaped(quoted, member.key);
  }
  void scalar(JsonKind kind, std::string_view text) override {
    Value& value = place();
    value.kind = kind;
    value.text = text;
    if (kind == JsonKind::string) append_unescaped(text, value.string);
  }

  Value take() { return std::move(root_); }

 private:
  // Only the innermost open container grows, so the pointers to the outer ones stay good.
  Value& place() {
    if (open_.empty()) return root_;
    Value& parent = *open_.back();
    return parent.is(JsonKind::object) ? parent.members.back().value : parent.items.emplace_back();
  }

  std::string_view source_;
  Value root_;
  std::vector<Value*> open_;
};

void append_canonical(const Value& value, std::string& out) {
  switch (value.kind) {
    case JsonKind::object: {
      std::map<std::string_view, const Value*> sorted;
      for (const Member& member : value.members) sorted[member.key] = &member.value;
      out.push_back('{');
      for (const auto& [key, member] : sorted) {
        out.append(json_quote(key)).push_back(':');
        append_canonical(*member, out);
        out.push_back(',');
      }
      out.push_back('}');
      break;
    }
    case JsonKind::array:
      out.push_back('[');
      for (const Value& item : value.items) {
        append_canonical(item, out);
        out.push_back(',');
      }
      out.push_back(']');
      break;
    case JsonKind::string:
      out.append(json_quote(value.string));
      break;
    case JsonKind::number:
      out.append(Decimal::of(value.text).text());
      break;
    default:
      out.append(value.text);
  }
}

}  // namespace

const Value* Value::find(std::string_view key) const {
  const auto found =
      std::find_if(members.rbegin(), members.rend(), [&](const Member& m) { return m.key == key; });
  return found == members.rend() ? nullptr : &found->value;
}

Result<Value> parse(std::string_view text, const JsonLimits& limits) {
  TreeBuilder builder(text);
  const auto kind = scan(text, limits, &builder);
  if (!kind) return kind.error();
  return builder.take();
}

std::string canonical(const Value& value) {
  std::string out;
  append_canonical(value, out);
  return out;
}

Decimal Decimal::of(std::string_view text) {
  Decimal out;
  std::size_t i = 0;
  if (text[i] == '-') out.negative = true, ++i;
  bool fraction = false;
  for (; i < text.size() && text[i] != 'e' && text[i] != 'E'; ++i) {
    if (text[i] == '.') {
      fraction = true;
      continue;
    }
    if (!fraction) ++out.exponent;
    out.digits.push_back(text[i]);
  }
  if (i < text.size()) {
    const bool minus = text[i + 1] == '-';
    std::int64_t written = 0;
    for (i += (minus || text[i + 1] == '+') ? 2 : 1; i < text.size(); ++i) {
      if (written < 1'000'000'000) written = written * 10 + (text[i] - '0');
    }
    out.exponent += minus ? -written : written;
  }
  const std::size_t leading = std::min(out.digits.find_first_not_of('0'), out.digits.size());
  out.digits.erase(0, leading);
  out.exponent -= static_cast<std::int64_t>(leading);
  out.digits.erase(out.digits.find_last_not_of('0') + 1);
  if (out.digits.empty()) out.negative = false, out.exponent = 0;
  return out;
}

std::string Decimal::text() const {
  if (digits.empty()) return "0";
  return (negative ? "-0." : "0.") + digits + 'e' + std::to_string(exponent);
}

int compare(const Decimal& a, const Decimal& b) {
  if (a.is_zero() || b.is_zero() || a.negative != b.negative) {
    const auto sign = [](const Decimal& d) { return d.is_zero() ? 0 : (d.negative ? -1 : 1); };
    return sign(a) - sign(b);
  }
  int order = a.exponent != b.exponent ? (a.exponent < b.exponent ? -1 : 1) : a.digits.compare(b.digits);
  return a.negative ? -order : order;
}

bool is_multiple(const Decimal& value, const Decimal& divisor) {
  if (value.is_zero()) return true;
  // Both as integers with a power of ten: neither has trailing zeros, so a smaller power cannot be made up
  // for.
  const std::int64_t power = value.exponent - static_cast<std::int64_t>(value.digits.size());
  const std::int64_t divisor_power = divisor.exponent - static_cast<std::int64_t>(divisor.digits.size());
  if (power < divisor_power) return false;
  const std::uint64_t modulus = std::stoull(divisor.digits);
  std::uint64_t rest = 0;
  for (char digit : value.digits) rest = (rest * 10 + static_cast<std::uint64_t>(digit - '0')) % modulus;
  for (std::int64_t i = power; i > divisor_power && rest != 0; --i) rest = rest * 10 % modulus;
  return rest == 0;
}

}  // namespace tasker::json

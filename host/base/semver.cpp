#include "base/semver.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace tasker {
namespace {

constexpr std::size_t kMaxVersionText = 256;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_identifier_char(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
}
bool all_digits(std::string_view text) {
  for (char c : text) {
    if (!is_digit(c)) return false;
  }
  return !text.empty();
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
  if (!all_digits(text) || (text.size() > 1 && text[0] == '0')) return std::nullopt;
  std::uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Cuts the part before `separator` off the front of `rest`; the separator goes too.
std::string_view take(std::string_view& rest, char separator) {
  std::size_t at = rest.find(separator);
  std::string_view head = rest.substr(0, at);
  rest = at == std::string_view::npos ? std::string_view{} : rest.substr(at + 1);
  return head;
}

bool valid_identifiers(std::string_view text, bool numbers_are_strict) {
  while (true) {
    std::size_t at = text.find('.');
    std::string_view part = text.substr(0, at);
    if (part.empty()) return false;
    for (char c : part) {
      if (!is_identifier_char(c)) return false;
    }
    if (numbers_are_strict && all_digits(part) && part.size() > 1 && part[0] == '0') return false;
    if (at == std::string_view::npos) return true;
    text.remove_prefix(at + 1);
  }
}

std::weak_ordering compare_identifier(std::string_view a, std::string_view b) {
  bool a_number = all_digits(a);
  bool b_number = all_digits(b);
  if (a_number != b_number) return a_number ? std::weak_ordering::less : std::weak_ordering::greater;
  // Without leading zeros the longer number is the greater one, however long it is.
  if (a_number && a.size() != b.size()) return a.size() <=> b.size();
  return a.compare(b) <=> 0;
}

std::weak_ordering compare_prerelease(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty()) return a.empty() <=> b.empty();  // a release comes after its pre-releases
  while (!a.empty() && !b.empty()) {
    if (auto order = compare_identifier(take(a, '.'), take(b, '.')); order != 0) return order;
  }
  return b.empty() <=> a.empty();
}

Error bad_version(std::string_view text, std::string_view why) {
  std::string message = "version \"";
  message.append(text.substr(0, kMaxVersionText)).append("\" ").append(why);
  return make_error(Code::invalid_argument, std::move(message));
}

// Splits `+build` and `-prerelease` off; false when either is malformed.
bool split_tail(std::string_view& text, Semver& version) {
  if (std::size_t plus = text.find('+'); plus != std::string_view::npos) {
    version.build = text.substr(plus + 1);
    text = text.substr(0, plus);
    if (!valid_identifiers(version.build, false)) return false;
  }
  if (std::size_t dash = text.find('-'); dash != std::string_view::npos) {
    version.prerelease = text.substr(dash + 1);
    text = text.substr(0, dash);
    if (!valid_identifiers(version.prerelease, true)) return false;
  }
  return true;
}

}  // namespace

Result<Semver> Semver::parse(std::string_view text) {
  if (text.size() > kMaxVersionText) return bad_version(text, "is longer than 256 bytes");
  Semver version;
  std::string_view core = text;
  if (!split_tail(core, version)) {
    return bad_version(text, "has a malformed pre-release or build part; write it like 1.2.3-rc.1+build.5");
  }
  std::uint64_t* const targets[] = {&version.major, &version.minor, &version.patch};
  for (int i = 0; i < 3; ++i) {
    if (i == 2 && core.find('.') != std::string_view::npos)
      return bad_version(text, "has more than three numbers");
    auto number = parse_number(take(core, '.'));
    if (!number) return bad_version(text, "is not three numbers without leading zeros; write it like 1.2.3");
    *targets[i] = *number;
  }
  return version;
}

std::string Semver::text() const {
  std::string out = std::to_string(major) + '.' + std::to_string(minor) + '.' + std::to_string(patch);
  if (!prerelease.empty()) out.append("-").append(prerelease);
  if (!build.empty()) out.append("+").append(build);
  return out;
}

bool Semver::identical(const Semver& other) const {
  return major == other.major && minor == other.minor && patch == other.patch &&
         prerelease == other.prerelease && build == other.build;
}

std::weak_ordering operator<=>(const Semver& a, const Semver& b) {
  if (auto order = a.major <=> b.major; order != 0) return order;
  if (auto order = a.minor <=> b.minor; order != 0) return order;
  if (auto order = a.patch <=> b.patch; order != 0) return order;
  return compare_prerelease(a.prerelease, b.prerelease);
}

// A version whose tail may be left out or be `x` or `*`: `1`, `1.2`, `1.x`.
struct VersionRange::Partial {
  Semver version;
  int numbers = 0;  // how many are given, 0..3

  // The first release after all that start with the first `kept` numbers. Its own pre-releases lie below it,
  // but no comparator names them, so they are not admitted.
  Semver next(int kept) const {
    Semver end;
    end.major = version.major + (kept == 1);
    if (kept >= 2) end.minor = version.minor + (kept == 2);
    if (kept >= 3) end.patch = version.patch + 1;
    return end;
  }
};

class VersionRange::Parser {
 public:
  explicit Parser(std::string_view text) : whole_(text), rest_(text) {}

  Result<std::vector<Alternative>> parse() {
    if (whole_.size() > kMaxVersionText) return fail("is longer than 256 bytes");
    std::vector<Alternative> alternatives(1);
    bool empty = true;
    while (skip_space(), !rest_.empty()) {
      if (rest_.starts_with("||")) {
        if (empty) return fail("has an empty alternative beside ||");
        rest_.remove_prefix(2);
        alternatives.emplace_back();
        empty = true;
        continue;
      }
      if (!parse_term(alternatives.back())) return fail(problem_);
      empty = false;
    }
    if (empty) return fail("is empty or ends with ||; write * for any version");
    return alternatives;
  }

 private:
  void skip_space() {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\t')) rest_.remove_prefix(1);
  }

  bool eat(std::string_view token) {
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }

  bool parse_term(Alternative& out) {
    enum class Sign { none, lt, le, gt, ge, caret, tilde };
    Sign sign = Sign::none;
    if (eat("<="))
      sign = Sign::le;
    else if (eat(">="))
      sign = Sign::ge;
    else if (eat("<"))
      sign = Sign::lt;
    else if (eat(">"))
      sign = Sign::gt;
    else if (eat("^"))
      sign = Sign::caret;
    else if (eat("~"))
      sign = Sign::tilde;
    else
      eat("=");
    skip_space();
    std::optional<Partial> partial = parse_partial();
    if (!partial) return false;
    const Partial& at = *partial;
    const bool whole = at.numbers == 3;
    if (at.numbers == 0) {
      if (sign == Sign::lt || sign == Sign::gt)
        return problem_ = "asks for less or more than any version", false;
      out.push_back({Op::ge, Semver{}});
      return true;
    }
    switch (sign) {
      case Sign::none:
        if (whole)
          out.push_back({Op::eq, at.version});
        else
          between(out, at.version, at.next(at.numbers));
        break;
      case Sign::lt:
        out.push_back({Op::lt, at.version});
        break;
      case Sign::ge:
        out.push_back({Op::ge, at.version});
        break;
      case Sign::gt:
        out.push_back(whole ? Comparator{Op::gt, at.version} : Comparator{Op::ge, at.next(at.numbers)});
        break;
      case Sign::le:
        out.push_back(whole ? Comparator{Op::le, at.version} : Comparator{Op::lt, at.next(at.numbers)});
        break;
      case Sign::tilde:
        between(out, at.version, at.next(std::min(at.numbers, 2)));
        break;
      case Sign::caret:
        between(out, at.version, at.next(caret_keeps(at)));
        break;
    }
    return true;
  }

  static void between(Alternative& out, const Semver& from, Semver to) {
    out.push_back({Op::ge, from});
    out.push_back({Op::lt, std::move(to)});
  }
  // `^` keeps the left-most number that is not zero.
  static int caret_keeps(const Partial& at) {
    if (at.version.major != 0 || at.numbers == 1) return 1;
    if (at.version.minor != 0 || at.numbers == 2) return 2;
    return 3;
  }

  std::optional<Partial> parse_partial() {
    std::string_view token = rest_.substr(0, rest_.find_first_of(" \t|<>=^~"));
    rest_.remove_prefix(token.size());
    problem_ = "has a malformed version; use forms such as 1.2.3, 1.x, ^1.2, ~1.2.3, >=1 <2, 1 || 2";
    if (token.empty()) return std::nullopt;
    Partial partial;
    if (auto full = Semver::parse(token)) return Partial{std::move(*full), 3};
    std::uint64_t* const targets[] = {&partial.version.major, &partial.version.minor, &partial.version.patch};
    bool wild = false;
    int parts = 0;
    for (std::string_view left = token; parts == 0 || !left.empty(); ++parts) {
      if (parts == 3 || token.back() == '.') return std::nullopt;
      std::string_view part = take(left, '.');
      if (part == "x" || part == "X" || part == "*") {
        wild = true;
        continue;
      }
      auto number = parse_number(part);
      if (!number || wild) return std::nullopt;
      *targets[parts] = *number;
      ++partial.numbers;
    }
    return partial;
  }

  Error fail(std::string_view why) const {
    std::string message = "version range \"";
    message.append(whole_.substr(0, kMaxVersionText)).append("\" ").append(why);
    return make_error(Code::invalid_argument, std::move(message));
  }

  std::string_view whole_;
  std::string_view rest_;
  std::string_view problem_;
};

Result<VersionRange> VersionRange::parse(std::string_view text) {
  auto alternatives = Parser(text).parse();
  if (!alternatives) return alternatives.error();
  VersionRange range;
  range.text_ = text;
  range.alternatives_ = std::move(*alternatives);
  return range;
}

bool VersionRange::holds(const Comparator& comparator, const Semver& version) {
  const auto order = version <=> comparator.version;
  switch (comparator.op) {
    case Op::lt:
      return order < 0;
    case Op::le:
      return order <= 0;
    case Op::gt:
      return order > 0;
    case Op::ge:
      return order >= 0;
    case Op::eq:
      return order == 0 && (comparator.version.build.empty() || comparator.version.build == version.build);
  }
  return false;
}

bool VersionRange::admits(const Alternative& alternative, const Semver& version) {
  bool prerelease_named = version.is_stable();
  for (const Comparator& comparator : alternative) {
    if (!holds(comparator, version)) return false;
    const Semver& named = comparator.version;
    prerelease_named |= !named.is_stable() && named.major == version.major && named.minor == version.minor &&
                        named.patch == version.patch;
  }
  return prerelease_named;
}

bool VersionRange::matches(const Semver& version) const {
  for (const Alternative& alternative : alternatives_) {
    if (admits(alternative, version)) return true;
  }
  return false;
}

}  // namespace tasker

// Versions after SemVer 2.0.0 and ranges over them. Order and equality ignore build metadata, as SemVer says,
// but the metadata is kept: `1.0.0` and `1.0.0+dev.abc` are equal in order and are two versions in a
// registry, so key maps by text() or ask identical(). Values without shared state: [any] thread.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tasker {

struct Semver {
  std::uint64_t major = 0;
  std::uint64_t minor = 0;
  std::uint64_t patch = 0;
  std::string prerelease;  // without the '-', empty when absent
  std::string build;       // without the '+', empty when absent

  // Strict: three numbers, no leading zeros, no leading 'v', at most 256 bytes.
  static Result<Semver> parse(std::string_view text);

  std::string text() const;
  bool is_stable() const { return prerelease.empty(); }
  // Equal in every part, build metadata included.
  bool identical(const Semver& other) const;

  friend std::weak_ordering operator<=>(const Semver& a, const Semver& b);
  friend bool operator==(const Semver& a, const Semver& b) { return (a <=> b) == 0; }
};

// Which versions are wanted: `1.2.3`, `=1.2.3`, `1.x`, `*`, `^1.2`, `~1.2.3`, `>=1 <2`, and alternatives with
// `||`. A pre-release matches only where a comparator names a pre-release of the same three numbers, so
// `^1.0` never picks `1.1.0-rc.1`. An exact version with build metadata matches that build alone.
class VersionRange {
 public:
  static Result<VersionRange> parse(std::string_view text);

  // Allocates nothing.
  bool matches(const Semver& version) const;
  const std::string& text() const { return text_; }

 private:
  enum class Op { lt, le, gt, ge, eq };
  struct Comparator {
    Op op;
    Semver version;
  };
  using Alternative = std::vector<Comparator>;  // all must hold

  struct Partial;
  class Parser;
  static bool holds(const Comparator& comparator, const Semver& version);
  static bool admits(const Alternative& alternative, const Semver& version);

  std::string text_;
  std::vector<Alternative> alternatives_;  // one must hold
};

}  // namespace tasker

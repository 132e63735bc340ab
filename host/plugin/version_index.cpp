#include "plugin/version_index.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <optional>

namespace tasker::plugin {
namespace {

// Clients name few different versions, and reading one costs more than finding it: each thread remembers some.
constexpr std::size_t kRemembered = 256;

// What a client wrote as version.
class Wanted {
 public:
  static Result<Wanted> parse(std::string_view text) {
    Wanted wanted;
    if (text.empty()) return wanted;
    if (auto exact = Semver::parse(text)) {
      wanted.exact_ = std::move(*exact);
      return wanted;
    }
    auto range = VersionRange::parse(text);
    if (!range) return range.error();
    wanted.range_ = std::move(*range);
    return wanted;
  }

  // Whether a pinned default decides, or the client did.
  bool heeds(const Semver& pinned) const { return !exact_ && (!range_ || range_->matches(pinned)); }

  bool allows(const Semver& version) const {
    if (range_) return range_->matches(version);
    if (!exact_) return version.is_stable();
    return exact_->build.empty() ? *exact_ == version : exact_->identical(version);
  }

 private:
  std::optional<Semver> exact_;
  std::optional<VersionRange> range_;
};

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};

// What was wanted, and the number that it has in this thread: never used again for another.
struct Remembered {
  Wanted wanted;
  std::uint64_t number = 0;
};

Result<const Remembered*> wanted_by(std::string_view text) {
  thread_local std::unordered_map<std::string, Remembered, TextHash, std::equal_to<>> remembered;
  thread_local std::uint64_t last_number = 0;
  if (const auto known = remembered.find(text); known != remembered.end()) return &known->second;
  auto wanted = Wanted::parse(text);
  if (!wanted) return wanted.error();
  if (remembered.size() >= kRemembered) remembered.clear();
  return &remembered.emplace(text, Remembered{std::move(*wanted), ++last_number}).first->second;
}

// What this thread found before: an old version behind many newer ones is looked for once, not for each task.
struct Found {
  std::uint64_t index = 0, wanted = 0;
  const void* list = nullptr;
  const IndexedVersion* version = nullptr;
};

Found& found_before(std::uint64_t index, std::uint64_t wanted, const void* list) {
  thread_local std::array<Found, 256> found;
  return found[(std::hash<const void*>()(list) / 64 + wanted * 31 + index) % found.size()];
}

std::uint64_t next_number() {
  static std::atomic<std::uint64_t> last{0};
  return last.fetch_add(1) + 1;
}

// Builds of one version are equal in order; the one activated last is the newest.
bool is_newer(const IndexedVersion* a, const IndexedVersion* b) {
  if (const auto order = a->version <=> b->version; order != 0) return order > 0;
  return a->sequence > b->sequence;
}

Error unknown_version(std::string_view handler, std::string_view version, bool is_draining) {
  if (is_draining)
    return make_error(Code::version_unknown, std::string(handler) + ": the only version that fits is being retired and takes no new tasks");
  if (version.empty())
    return make_error(Code::version_unknown, std::string(handler) + " has no stable version loaded; name a pre-release to use it");
  return make_error(Code::version_unknown, std::string(handler) + " has no loaded version that fits " + std::string(version));
}

Error unavailable_default(std::string_view handler, std::string_view version) {
  return make_error(Code::default_unavailable, std::string(handler) + ": the pinned default " + std::string(version) +
                                                   " takes no new tasks here, and no other is taken in its place");
}

}  // namespace

VersionIndex::VersionIndex(std::vector<IndexedVersion> versions, const std::vector<PinnedDefault>& defaults)
    : number_(next_number()), versions_(std::move(versions)) {
  for (const IndexedVersion& each : versions_) {
    by_name_[{each.namespace_name, each.name}].list.push_back(&each);
    namespaces_.insert(each.namespace_name);
  }
  for (auto& [key, versions_of] : by_name_) std::sort(versions_of.list.begin(), versions_of.list.end(), is_newer);
  for (const PinnedDefault& pinned : defaults) {
    const auto named = by_name_.find({pinned.namespace_name, pinned.name});
    const auto version = Semver::parse(pinned.version);
    if (named == by_name_.end() || !version) continue;
    named->second.pinned = pinned.version;
    named->second.pinned_version = *version;
  }
}

Result<const IndexedVersion*> VersionIndex::find(std::string_view namespace_name, std::string_view name,
                                                 std::string_view version) const {
  const auto wanted = wanted_by(version);
  if (!wanted) return wanted.error();
  const auto named = by_name_.find({namespace_name, name});
  if (named == by_name_.end()) return unknown({namespace_name, name});
  const std::uint64_t sought = (*wanted)->number;
  Found& before = found_before(number_, sought, &named->second);
  if (before.index == number_ && before.wanted == sought && before.list == &named->second) return before.version;
  const auto& [list, pinned, pinned_version] = named->second;
  const bool is_pinned = pinned_version && (*wanted)->wanted.heeds(*pinned_version);
  bool is_draining = false;
  for (const IndexedVersion* each : list) {
    if (is_pinned ? each->text != pinned : !(*wanted)->wanted.allows(each->version)) continue;
    if (each->accepts_tasks) {
      before = {number_, sought, &named->second, each};
      return each;
    }
    is_draining = true;
  }
  if (is_pinned) return unavailable_default(std::string(namespace_name) + "/" + std::string(name), pinned);
  return unknown_version(std::string(namespace_name) + "/" + std::string(name), version, is_draining);
}

Error VersionIndex::unknown(const Key& key) const {
  if (!namespaces_.contains(key.namespace_name))
    return make_error(Code::namespace_unknown, "no plugin of namespace " + std::string(key.namespace_name) + " is loaded");
  return make_error(Code::unknown_handler, "no plugin " + std::string(key.namespace_name) + "/" + std::string(key.name) + " is loaded");
}

}  // namespace tasker::plugin

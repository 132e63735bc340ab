#include "ledger.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace shop {
namespace {

constexpr std::chrono::microseconds kLockPoll{50};

std::vector<std::string> exclusives_of(const nlohmann::json& effect) {
  const auto found = effect.find("exclusive");
  if (found == effect.end()) return {};
  return found->is_array() ? found->get<std::vector<std::string>>() : std::vector{found->get<std::string>()};
}

}  // namespace

// The right to read and append: this object's mutex first, then the file's lock, which the kernel drops with
// a dying process. Both within the ledger's patience, so that a stopped process cannot hold up every handler
// for ever.
class Ledger::Locked {
 public:
  explicit Locked(Ledger& ledger) : ledger_(ledger), lock_(ledger.mutex_, std::defer_lock) {
    const auto deadline = std::chrono::system_clock::now() + ledger.patience_;
    if (!lock_.try_lock_until(deadline)) ledger.fail("is busy");
    while (::flock(ledger.file_, LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK && errno != EINTR) ledger.fail("cannot be locked", errno);
      if (std::chrono::system_clock::now() > deadline) ledger.fail("is locked by another process");
      std::this_thread::sleep_for(kLockPoll);
    }
  }
  ~Locked() { ::flock(ledger_.file_, LOCK_UN); }
  Locked(const Locked&) = delete;
  Locked& operator=(const Locked&) = delete;

 private:
  Ledger& ledger_;
  std::unique_lock<std::timed_mutex> lock_;
};

Ledger::Ledger(std::filesystem::path path, bool sync, std::chrono::milliseconds patience)
    : path_(std::move(path)), sync_(sync), patience_(patience) {
  std::error_code ignored;  // the open below says what is wrong
  std::filesystem::create_directories(path_.parent_path(), ignored);
  file_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (file_ < 0) fail("cannot be opened", errno);
  try {
    const Locked locked(*this);
    read_new_lines();
  } catch (...) {
    ::close(file_);
    throw;
  }
}

Ledger::~Ledger() {
  ::close(file_);
}

Ledger::Verdict Ledger::record(nlohmann::json& effect, const Floors& floors) {
  const auto key = effect.at("idempotency_key").get<std::string>();
  const Locked locked(*this);
  read_new_lines();
  if (auto earlier = look_up(by_key_, key)) {
    effect = std::move(*earlier);
    return Verdict::replayed;
  }
  for (const auto& exclusive : exclusives_of(effect)) {
    if (auto other = look_up(by_exclusive_, exclusive)) {
      effect = std::move(*other);
      return Verdict::taken;
    }
  }
  if (!stays_above(effect, floors)) return Verdict::short_of;
  append(effect.dump() + "\n");
  return Verdict::appended;
}

std::optional<nlohmann::json> Ledger::find(const std::string& idempotency_key) {
  const Locked locked(*this);
  read_new_lines();
  return look_up(by_key_, idempotency_key);
}

std::optional<nlohmann::json> Ledger::holder(const std::string& exclusive) {
  const Locked locked(*this);
  read_new_lines();
  return look_up(by_exclusive_, exclusive);
}

std::int64_t Ledger::balance(const std::string& account) {
  const Locked locked(*this);
  read_new_lines();
  const auto found = balances_.find(account);
  return found == balances_.end() ? 0 : found->second;
}

bool Ledger::stays_above(const nlohmann::json& effect, const Floors& floors) const {
  for (const auto& [account, floor] : floors) {
    const auto found = balances_.find(account);
    const std::int64_t before = found == balances_.end() ? 0 : found->second;
    if (before + effect.at("moves").value(account, std::int64_t{0}) < floor) return false;
  }
  return true;
}

void Ledger::read_new_lines() {
  struct stat status {};
  if (::fstat(file_, &status) != 0) fail("cannot be read", errno);
  // Going on would forget charges, and charge again.
  if (status.st_nlink == 0 || status.st_size < known_size_) fail("was removed or cut while in use");
  if (status.st_size == known_size_) return;

  const std::string tail = read_text({known_size_, static_cast<std::size_t>(status.st_size - known_size_)});
  std::size_t begin = 0;
  for (auto end = tail.find('\n'); end != std::string::npos; end = tail.find('\n', begin)) {
    index_line({tail.data() + begin, end - begin}, {known_size_, end - begin});
    known_size_ += static_cast<std::int64_t>(end - begin) + 1;
    begin = end + 1;
  }
  if (begin < tail.size() && ::ftruncate(file_, known_size_) != 0) fail("cannot be repaired", errno);
}

void Ledger::index_line(std::string_view line, Place place) {
  const auto effect = nlohmann::json::parse(line, nullptr, false);
  if (!effect.is_object() || !effect.contains("idempotency_key"))
    fail("is damaged at byte " + std::to_string(place.offset) + ": the line there is no effect");
  if (!by_key_.emplace(effect["idempotency_key"].get<std::string>(), place).second) return;
  if (effect.contains("moves"))
    for (const auto& [account, amount] : effect["moves"].items())
      balances_[account] += amount.get<std::int64_t>();
  for (const auto& exclusive : exclusives_of(effect)) by_exclusive_.emplace(exclusive, place);
}

void Ledger::append(const std::string& line) {
  std::size_t done = 0;
  while (done < line.size()) {
    const auto wrote = ::write(file_, line.data() + done, line.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) {
      const int reason = errno;
      // Whether or not this succeeds, a line without its newline never counts.
      [[maybe_unused]] const int cut = ::ftruncate(file_, known_size_);
      fail("cannot be written", reason);
    }
    done += static_cast<std::size_t>(wrote);
  }
  if (sync_ && ::fdatasync(file_) != 0) fail("cannot be synced", errno);
  index_line({line.data(), line.size() - 1}, {known_size_, line.size() - 1});
  known_size_ += static_cast<std::int64_t>(line.size());
}

std::string Ledger::read_text(Place place) const {
  std::string text(place.size, '\0');
  std::size_t done = 0;
  while (done < text.size()) {
    const auto got = ::pread(file_, text.data() + done, text.size() - done,
                             place.offset + static_cast<std::int64_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) fail("cannot be read", got < 0 ? errno : EIO);
    done += static_cast<std::size_t>(got);
  }
  return text;
}

std::optional<nlohmann::json> Ledger::look_up(const Index& index, const std::string& key) const {
  const auto found = index.find(key);
  if (found == index.end()) return std::nullopt;
  return nlohmann::json::parse(read_text(found->second));
}

void Ledger::fail(const std::string& what, int reason) const {
  const std::string why = reason == 0 ? "" : ": " + std::generic_category().message(reason);
  throw LedgerError("the ledger " + path_.string() + " " + what + why);
}

}  // namespace shop

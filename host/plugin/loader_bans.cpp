// What crashed is not run again before an operator says so. A version whose runners crash over and over is quarantined: held, out of the
// registry, and its tasks wait. Its bytes, and those that crashed a host or a probe while they were loaded, are remembered in the
// database by their hash, for restarts and for other hosts; what is not confirmed there is told again with every look for orders.
#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "base/log.h"
#include "base/secrets.h"
#include "plugin/crash_notes.h"
#include "plugin/loader_core.h"

namespace tasker::plugin {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kLongestReason = 500;

std::string how_to_retry(const PluginRecord& record) {
  return "`tasker plugin retry " + record.namespace_name + "/" + record.name + "@" + record.version + "`";
}

// Whole characters: the database takes no others.
std::string cut(std::string text) {
  if (text.size() > kLongestReason) {
    std::size_t end = kLongestReason;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    text.resize(end);
  }
  return text;
}

bool is_crash(const Error& error) {
  return error.retry == Retry::never && (error.code == Code::plugin_crashed || error.code == Code::plugin_timeout);
}

}  // namespace

// ------------------------------------------------------------ quarantine

void Loader::Core::note_trouble(std::uint64_t key, const std::string& reason) {
  Entry* entry = entry_of(key);
  if (!entry || is_stopping || !entry->plugin || entry->is_leaving || entry->record.state == PluginState::quarantined) return;
  remember(*entry, Code::plugin_quarantined, reason);
  if (entry->ids)
    quarantine(*entry, reason);
  else
    entry->early_trouble = reason;
}

void Loader::Core::quarantine(Entry& entry, const std::string& reason) {
  entry.is_to_drain = entry.record.state == PluginState::draining;
  entry.record.state = PluginState::quarantined;
  publish_registry();
  enter(entry, PluginState::quarantined, std::string(code_text(Code::plugin_quarantined)),
        masked(reason) + "; its tasks wait, and it is not run before " + how_to_retry(entry.record));
  quarantine_users(entry);
}

void Loader::Core::end_quarantine(Entry& entry) {
  entry.plugin->forget_crashes();
  leave_quarantine(entry);
  for (Entry& user : entries)
    if (user.record.state == PluginState::quarantined && uses(user, entry) && !quarantined_part_of(user)) leave_quarantine(user);
}

void Loader::Core::leave_quarantine(Entry& entry) {
  if (!std::exchange(entry.is_to_drain, false)) return enter_and_publish(entry, PluginState::active, entry.bound_to);
  enter_and_publish(entry, PluginState::draining, is_retired(entry)      ? kRetiredText
                                                  : is_superseded(entry) ? kSupersededText
                                                  : entry.is_kept        ? kKeptText
                                                                         : kDrainingText);
  ask_needs_soon();
}

// ------------------------------------------------------------ bytes that are remembered

Result<void> Loader::Core::check_ban(const Entry& entry) {
  const std::string& sha256 = entry.record.sha256;
  const auto known = bans.find(sha256);
  if (known == bans.end()) {
    const auto noted = read_crash_note(copy_of(entry));
    return noted ? Result<void>(make_error(Code::plugin_crashed, *noted)) : Result<void>();
  }
  if (!new_bans.contains(sha256)) remove_crash_note(copy_of(entry));
  return make_error(code_from_text(known->second.code).value_or(Code::plugin_crashed), known->second.reason);
}

Error Loader::Core::ban_if_crash(const Entry& entry, const Error& error) {
  if (!is_crash(error) || entry.record.sha256.empty() || bans.contains(entry.record.sha256)) return error;
  remember(entry, error.code, error.message);
  return make_error(error.code, error.message + "; these bytes are not tried again before " + how_to_retry(entry.record));
}

void Loader::Core::remember(const Entry& entry, Code code, const std::string& what) {
  const PluginRecord& record = entry.record;
  // It may quote a plugin's words, and goes into the database.
  const std::string reason = cut(masked(what));
  BannedBytes ban{record.namespace_name, record.name, record.version, record.sha256, std::string(code_text(code)), reason,
                  orders ? orders->revision : 0};
  new_bans[record.sha256] = ban;
  ban.reason = "these bytes are not tried again: " + reason + "; " + how_to_retry(record) + " tries them again";
  bans[record.sha256] = std::move(ban);
  tell_bans();
}

void Loader::Core::tell_bans() {
  if (is_stopping) return;
  // A copy: the answer may come at once.
  for (const auto& [sha256, ban] : std::map(new_bans)) {
    if (!bans_on_their_way.emplace(sha256, ban).second) continue;
    catalogue.ban(ban, [weak = weak_from_this(), sha256 = sha256](Result<void> answer) {
      if (const auto self = weak.lock())
        asio::post(self->io, [weak, sha256, answer = std::move(answer)] {
          if (const auto core = weak.lock()) core->on_ban_told(sha256, answer);
        });
    });
  }
}

void Loader::Core::on_ban_told(const std::string& sha256, const Result<void>& answer) {
  const auto sent = bans_on_their_way.extract(sha256);
  const auto told = new_bans.find(sha256);
  if (told == new_bans.end()) return;
  if (!sent.empty() && told->second != sent.mapped()) return tell_bans();  // there is news of it since
  if (!answer && answer.error().retry == Retry::later)
    return log_debug("that plugin {}/{} {} is not to be tried again is not in the database yet: {}", told->second.namespace_name,
                     told->second.name, told->second.version, answer.error().message);
  if (!answer)
    log_failure(LogLevel::warn, answer.error(), "that plugin {}/{} {} is not to be tried again could not be written to the database, and only this host knows it: {}",
                told->second.namespace_name, told->second.name, told->second.version);
  else
    remove_crash_note(options.state / (sha256 + ".so"));
  new_bans.erase(told);
}

void Loader::Core::take_bans(const std::vector<BannedBytes>& known) {
  std::erase_if(bans, [&](const auto& ban) { return !new_bans.contains(ban.first); });
  for (const BannedBytes& ban : known) bans[ban.sha256] = ban;
}

void Loader::Core::forget_ban(const std::string& sha256) {
  bans.erase(sha256);
  new_bans.erase(sha256);
  if (sha256.empty()) return;
  remove_crash_note(options.state / (sha256 + ".so"));
  if (options.forget_probe) options.forget_probe(sha256);
}

// ------------------------------------------------------------ an operator says so

void Loader::Core::try_again(const RetriedVersion& version) {
  const std::string label = version.namespace_name + "/" + version.name + " " + version.version;
  log_info("plugin {} is tried again, as an operator wants it", label);
  forget_ban(version.sha256);
  for (Entry& entry : entries) {
    if (entry.label() != label) continue;
    if (entry.early_trouble && entry.plugin) {
      entry.early_trouble.reset();
      entry.plugin->forget_crashes();
    }
    if (entry.record.state == PluginState::quarantined && !entry.is_leaving && !entry.is_workflow()) {
      forget_ban(entry.record.sha256);
      end_quarantine(entry);
    } else if (const auto file = files.find(entry.file); entry.record.state == PluginState::refused && file != files.end()) {
      forget_ban(entry.record.sha256);
      file->second.may_pass = true;
      settler.note(entry.file, file->second.seen, std::chrono::steady_clock::now(), milliseconds(0));
    }
  }
  wait_for_quiet();
  if (unavailable.erase(label) > 0) look_for_needed();
}

}  // namespace tasker::plugin

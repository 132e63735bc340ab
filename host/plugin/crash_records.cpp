#include "plugin/crash_records.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <fstream>
#include <optional>

#include "base/log.h"

namespace tasker::plugin {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "crash.";
constexpr std::string_view kSuffix = ".record";
constexpr std::string_view kHalfSuffix = ".record.part";
constexpr std::size_t kMostBytes = 2048;  // twice what is ever written
constexpr auto kForgottenAfter = std::chrono::hours(24 * 7);  // a record of no host of this database
constexpr auto kHalfAfter = std::chrono::hours(24);           // a record that nobody is writing any more

template <class Number>
bool read_number(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && number > 0;
}

// process, task, ord, claim, signal, plugin, step, with tabs between them; the line ends what was written whole.
std::optional<engine::CrashRecord> parse(std::string_view text) {
  if (text.empty() || text.back() != '\n') return std::nullopt;
  text.remove_suffix(1);
  std::array<std::string_view, 7> fields;
  for (std::size_t i = 0; i + 1 < fields.size(); ++i) {
    const auto tab = text.find('\t');
    if (tab == std::string_view::npos) return std::nullopt;
    fields[i] = text.substr(0, tab);
    text.remove_prefix(tab + 1);
  }
  fields.back() = text;
  engine::CrashRecord record{.process = std::string(fields[0]), .fence = {}, .signal = std::string(fields[4]),
                             .plugin = std::string(fields[5]), .step = std::string(fields[6])};
  std::int64_t task = 0;
  if (!read_number(fields[1], task) || !read_number(fields[2], record.fence.step.ord) ||
      !read_number(fields[3], record.fence.claim_no) || record.process.empty())
    return std::nullopt;
  record.fence.step.task = static_cast<TaskId>(task);
  return record;
}

// Nothing when it cannot be read now, or another host just took it away.
std::optional<std::string> read_small_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file.is_open()) return std::nullopt;
  std::string text(kMostBytes, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return std::nullopt;
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

bool is_older(const fs::path& path, std::chrono::hours age) {
  std::error_code unknown;
  const auto written = fs::last_write_time(path, unknown);
  return !unknown && fs::file_time_type::clock::now() - written > age;
}

}  // namespace

// "<boot>/<pid namespace>/<pid>/<ticks>": the slashes cannot stand in a file's name.
std::string crash_record_name(std::string_view process) {
  std::string name(process);
  std::replace(name.begin(), name.end(), '/', '-');
  return std::string(kPrefix) + name + std::string(kSuffix);
}

std::vector<engine::CrashRecord> CrashFolder::read() {
  std::vector<engine::CrashRecord> records;
  std::error_code failed;  // no folder: no records
  for (fs::directory_iterator entry(folder_, failed), end; !failed && entry != end; entry.increment(failed)) {
    const auto name = entry->path().filename().string();
    const bool is_half = name.ends_with(kHalfSuffix);
    if (!name.starts_with(kPrefix) || (!is_half && !name.ends_with(kSuffix))) continue;
    std::error_code unknown;
    if (entry->symlink_status(unknown).type() != fs::file_type::regular) continue;
    if (is_half) {
      if (is_older(entry->path(), kHalfAfter)) fs::remove(entry->path(), unknown);
      continue;
    }
    const auto text = read_small_file(entry->path());
    if (!text) continue;
    if (auto record = parse(*text); record && crash_record_name(record->process) == name) {
      records.push_back(std::move(*record));
    } else {
      log_warn("{} is not the record of a crash: it is removed", entry->path().string());
      fs::remove(entry->path(), unknown);
    }
  }
  return records;
}

void CrashFolder::forget(const engine::CrashRecord& record) {
  std::error_code failed;  // then it is found again, and known already
  fs::remove(folder_ / crash_record_name(record.process), failed);
}

void CrashFolder::forget_if_old(const engine::CrashRecord& record) {
  const auto path = folder_ / crash_record_name(record.process);
  if (!is_older(path, kForgottenAfter)) return;
  log_warn("{} is removed: no host of this database wrote it, and none of another one came for it in {} days", path.string(),
           kForgottenAfter.count() / 24);
  forget(record);
}

}  // namespace tasker::plugin

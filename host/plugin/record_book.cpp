#include "plugin/record_book.h"

#include <algorithm>
#include <tuple>

namespace tasker::plugin {

void RecordBook::show(std::uint64_t key, const PluginRecord& record) {
  const std::lock_guard lock(mutex_);
  records_[key] = record;
}

void RecordBook::erase(std::uint64_t key) {
  const std::lock_guard lock(mutex_);
  records_.erase(key);
}

std::vector<IgnoredFile> RecordBook::set_ignored(const std::map<std::string, Oddity>& now) {
  std::vector<IgnoredFile> news;
  std::map<std::string, IgnoredFile> next;
  const std::lock_guard lock(mutex_);
  for (const auto& [file, oddity] : now) {
    const auto before = ignored_.find(file);
    if (before != ignored_.end() && before->second.reason == oddity.reason) {
      next.insert(*before);
      continue;
    }
    const auto& added = next[file] = {file, std::string(code_text(oddity.code)), oddity.reason, std::chrono::system_clock::now()};
    news.push_back(added);
  }
  ignored_ = std::move(next);
  has_looked_ = true;
  return news;
}

std::vector<PluginRecord> RecordBook::plugins() const {
  std::vector<PluginRecord> records;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, record] : records_) records.push_back(record);
  }
  std::stable_sort(records.begin(), records.end(), [](const PluginRecord& a, const PluginRecord& b) {
    return std::tie(a.namespace_name, a.name) < std::tie(b.namespace_name, b.name);
  });
  return records;
}

std::vector<IgnoredFile> RecordBook::ignored() const {
  std::vector<IgnoredFile> files;
  const std::lock_guard lock(mutex_);
  for (const auto& [file, ignored] : ignored_) files.push_back(ignored);
  return files;
}

TransitionCounts RecordBook::transitions() const {
  TransitionCounts counts{};
  for (std::size_t i = 0; i < counts.size(); ++i) counts[i] = transitions_[i].load(std::memory_order_relaxed);
  return counts;
}

bool RecordBook::has_settled() const {
  const std::lock_guard lock(mutex_);
  return has_looked_ && std::none_of(records_.begin(), records_.end(), [](const auto& entry) {
    return entry.second.state < PluginState::active;
  });
}

}  // namespace tasker::plugin

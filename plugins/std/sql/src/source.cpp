#include "source.h"

#include "template/options.h"

namespace std_sql {

Source::Source(std::string name, const tasker::Json& configuration) : name_(std::move(name)) {
  const std::string what = "std/sql's configuration sources/" + name_;
  const stock::Options options(configuration, what, {"url", "read_only", "max_connections", "queries"});
  url_ = options.text("url");
  read_only_ = options.flag("read_only", false);
  most_ = static_cast<std::size_t>(options.integer("max_connections", 4, 1, 100));
  for (auto& [query, text] : stock::text_members(options.object("queries"), what + "/queries")) queries_[query] = text;
}

std::unique_ptr<Connection> Source::take(const Wait& wait) {
  {
    std::unique_lock lock(mutex_);
    while (in_use_ == most_) {
      if (wait.should_stop()) throw tasker::Cancelled();
      if (wait.is_over())
        throw tasker::RetryableError("all " + std::to_string(most_) + " connections to " + name_ + " were in use (max_connections)",
                                     std::nullopt, "sql.busy");
      freed_.wait_for(lock, wait.slice());
    }
    ++in_use_;
    while (!idle_.empty()) {
      auto connection = std::move(idle_.back());
      idle_.pop_back();
      if (connection->is_good()) return connection;
    }
  }
  try {
    return std::make_unique<Connection>(url_, name_, read_only_, wait);
  } catch (...) {
    give_back(nullptr);
    throw;
  }
}

void Source::give_back(std::unique_ptr<Connection> connection) {
  const std::lock_guard lock(mutex_);
  --in_use_;
  if (connection && connection->is_good()) idle_.push_back(std::move(connection));
  freed_.notify_one();
}

const std::string& Source::query(const std::string& name) const {
  const auto found = queries_.find(name);
  if (found != queries_.end()) return found->second;
  throw tasker::PermanentError("std/sql's configuration has no query \"" + name + "\" for the source " + name_, "sql.unknown_query");
}

}  // namespace std_sql

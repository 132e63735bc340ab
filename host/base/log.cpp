#include "base/log.h"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <mutex>

#include "base/json.h"
#include "base/log_divert.h"
#include "base/secrets.h"

namespace tasker {
namespace {

constexpr std::array<std::string_view, 6> kTexts = {"trace", "debug", "info", "warn", "error", "off"};
constexpr std::array<std::string_view, 2> kFormats = {"human", "json"};
constexpr const char* kHumanPattern = "%Y-%m-%d %H:%M:%S.%e %-5l %v";
// The text is a JSON object without its opening brace and time.
constexpr const char* kJsonPattern = R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ",%v)";

spdlog::level::level_enum spdlog_level(LogLevel level) {
  using namespace spdlog::level;
  static constexpr std::array kLevels = {trace, debug, info, warn, err, off};
  return kLevels[static_cast<std::size_t>(level)];
}

// Changed as a whole: a line is never half of one format and half of another.
struct Target {
  LogFormat format = LogFormat::human;
  std::shared_ptr<spdlog::logger> logger;
};

struct State {
  std::mutex mutex;
  std::shared_ptr<const Target> target;  // guarded by mutex; the sinks lock for themselves
  std::atomic<LogLevel> level{LogLevel::info};
  std::atomic<std::int64_t> host{0};
  std::atomic<LogDivert> divert{nullptr};
};

std::shared_ptr<const Target> make_target(LogFormat format, std::shared_ptr<spdlog::sinks::sink> sink) {
  auto logger = std::make_shared<spdlog::logger>("tasker", std::move(sink));
  if (format == LogFormat::json)
    logger->set_pattern(kJsonPattern, spdlog::pattern_time_type::utc);
  else
    logger->set_pattern(kHumanPattern);
  logger->set_level(spdlog::level::trace);
  logger->flush_on(spdlog::level::info);
  return std::make_shared<Target>(Target{format, std::move(logger)});
}

// Never destroyed: threads may still log while the process exits.
State& state() {
  static State* const instance = [] {
    auto* created = new State;
    created->target = make_target(LogFormat::human, std::make_shared<spdlog::sinks::stderr_sink_mt>());
    return created;
  }();
  return *instance;
}

std::shared_ptr<const Target> current() {
  std::lock_guard lock(state().mutex);
  return state().target;
}

void append_without_control_characters(std::string& out, std::string_view text) {
  for (char c : text) {
    if (c == '\n')
      out.append("\\n");
    else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(c));
    else
      out.push_back(c);
  }
}

bool is_number(std::string_view text) {
  return !text.empty() && text.size() < 19 && text.find_first_not_of("0123456789") == std::string_view::npos &&
         (text[0] != '0' || text.size() == 1);
}

std::string json_line(LogLevel level, std::string_view message, const LogSubject& about) {
  std::string line = fmt::format(R"("level":"{}","message":{})", log_level_text(level), json_quote(message));
  const auto add = [&](std::string_view key, std::string_view value) {
    if (!value.empty()) line.append(",\"").append(key).append("\":").append(json_quote(value));
  };
  add("code", about.code);
  if (const auto host = state().host.load(std::memory_order_relaxed); host != 0) line += fmt::format(",\"host\":{}", host);
  if (is_number(about.task))
    line.append(",\"task\":").append(about.task);
  else
    add("task", about.task);
  add("step", about.step);
  add("plugin", about.plugin);
  add("correlation_id", about.correlation_id);
  if (!about.fields.empty()) {
    line.append(",\"fields\":");
    // Inside a string they are escaped already.
    std::ranges::replace_copy_if(about.fields, std::back_inserter(line), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  }
  return line + "}";
}

void write(const Target& target, LogLevel level, std::string_view human, std::string_view message, const LogSubject& about) {
  // A secret is looked for before and after quoting: its own quotes and backslashes are escaped by it.
  const std::string line = target.format == LogFormat::json ? masked(json_line(level, masked(message), about)) : masked(human);
  target.logger->log(spdlog_level(level), spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace

std::string_view log_level_text(LogLevel level) {
  return kTexts[static_cast<std::size_t>(level)];
}

Result<LogLevel> log_level_from(std::string_view text) {
  for (std::size_t i = 0; i < kTexts.size(); ++i) {
    if (kTexts[i] == text) return static_cast<LogLevel>(i);
  }
  return make_error(Code::config_invalid,
                    fmt::format("\"{}\" is not a log level; allowed: {}", text, fmt::join(kTexts, ", ")));
}

std::string_view log_format_text(LogFormat format) {
  return kFormats[static_cast<std::size_t>(format)];
}

Result<LogFormat> log_format_from(std::string_view text) {
  for (std::size_t i = 0; i < kFormats.size(); ++i) {
    if (kFormats[i] == text) return static_cast<LogFormat>(i);
  }
  return make_error(Code::config_invalid,
                    fmt::format("\"{}\" is not a format of the log; allowed: {}", text, fmt::join(kFormats, ", ")));
}

Result<LogLevel> log_open(const LogOptions& options) try {
  std::shared_ptr<spdlog::sinks::sink> sink;
  if (options.file.empty())
    sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  else
    sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(options.file);
  auto target = make_target(options.format, std::move(sink));
  std::lock_guard lock(state().mutex);
  state().target = std::move(target);
  state().level = options.level;
  return options.level;
} catch (const std::exception& problem) {
  return make_error(Code::config_invalid, fmt::format("the log file {} cannot be opened for appending: {}",
                                                      options.file, problem.what()));
}

void log_flush() {
  current()->logger->flush();
}

void log_host(std::int64_t host) {
  state().host = host;
}

bool log_enabled(LogLevel level) {
  return level != LogLevel::off && level >= state().level.load(std::memory_order_relaxed);
}

void log_divert(LogDivert divert, LogLevel level) {
  state().divert = divert;
  state().level = level;
}

void log_line(LogLevel level, std::string_view message, const LogSubject& subject) {
  if (!log_enabled(level)) return;
  if (const LogDivert divert = state().divert.load(std::memory_order_acquire)) return divert(level, message, subject);
  write(*current(), level, message, message, subject);
}

void log_plugin_line(LogLevel level, const LogSubject& subject, std::string_view message) {
  if (!log_enabled(level)) return;
  if (const LogDivert divert = state().divert.load(std::memory_order_acquire)) return divert(level, message, subject);
  std::string line;
  line.append("[").append(subject.plugin);
  // A runner says these itself.
  const auto add = [&line](std::string_view word, std::string_view value) {
    if (value.empty()) return;
    line.append(word);
    append_without_control_characters(line, value);
  };
  add(" task ", subject.task);
  add(" step ", subject.step);
  line.append("] ");
  append_without_control_characters(line, message);
  if (!subject.fields.empty()) {
    line.append(" ");
    append_without_control_characters(line, subject.fields);
  }
  write(*current(), level, line, message, subject);
}

}  // namespace tasker

#include "base/log.h"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <array>
#include <atomic>
#include <memory>
#include <mutex>

namespace tasker {
namespace {

constexpr std::array<std::string_view, 6> kTexts = {"trace", "debug", "info", "warn", "error", "off"};
constexpr const char* kPattern = "%Y-%m-%d %H:%M:%S.%e %-5l %v";

spdlog::level::level_enum spdlog_level(LogLevel level) {
  using namespace spdlog::level;
  static constexpr std::array kLevels = {trace, debug, info, warn, err, off};
  return kLevels[static_cast<std::size_t>(level)];
}

struct State {
  std::mutex mutex;
  std::shared_ptr<spdlog::logger> logger;  // guarded by mutex; the sinks lock for themselves
  std::atomic<LogLevel> level{LogLevel::info};
};

// Never destroyed: threads may still log while the process exits.
State& state() {
  static State* const instance = [] {
    auto* created = new State;
    created->logger =
        std::make_shared<spdlog::logger>("tasker", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    created->logger->set_pattern(kPattern);
    created->logger->set_level(spdlog::level::trace);
    return created;
  }();
  return *instance;
}

std::shared_ptr<spdlog::logger> current() {
  std::lock_guard lock(state().mutex);
  return state().logger;
}

std::string without_control_characters(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (char c : text) {
    if (c == '\n')
      out.append("\\n");
    else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
      out.append(fmt::format("\\x{:02x}", static_cast<unsigned char>(c)));
    else
      out.push_back(c);
  }
  return out;
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

Result<LogLevel> log_open(const LogOptions& options) try {
  std::shared_ptr<spdlog::sinks::sink> sink;
  if (options.file.empty())
    sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  else
    sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(options.file);
  auto logger = std::make_shared<spdlog::logger>("tasker", std::move(sink));
  logger->set_pattern(kPattern);
  logger->set_level(spdlog::level::trace);
  logger->flush_on(spdlog::level::info);
  std::lock_guard lock(state().mutex);
  state().logger = std::move(logger);
  state().level = options.level;
  return options.level;
} catch (const std::exception& problem) {
  return make_error(Code::config_invalid, fmt::format("the log file {} cannot be opened for appending: {}",
                                                      options.file, problem.what()));
}

void log_flush() {
  current()->flush();
}

bool log_enabled(LogLevel level) {
  return level != LogLevel::off && level >= state().level.load(std::memory_order_relaxed);
}

void log_line(LogLevel level, std::string_view message) {
  if (!log_enabled(level)) return;
  current()->log(spdlog_level(level), spdlog::string_view_t(message.data(), message.size()));
}

void log_plugin_line(LogLevel level, std::string_view source, std::string_view message,
                     std::string_view fields_json) {
  if (!log_enabled(level)) return;
  std::string line = fmt::format("[{}] {}", source, without_control_characters(message));
  if (!fields_json.empty()) line.append(" ").append(without_control_characters(fields_json));
  log_line(level, line);
}

}  // namespace tasker

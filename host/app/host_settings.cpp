#include "app/host_settings.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

namespace tasker::app {

std::string choose_config(const std::string& flag) {
  constexpr const char* kUsual = "/etc/tasker/tasker.yaml";
  if (!flag.empty()) return flag;
  if (const char* named = std::getenv("TASKER_CONFIG"); named != nullptr && *named != '\0') return named;
  std::error_code ignored;
  return std::filesystem::exists(kUsual, ignored) ? kUsual : "";
}

Result<config::Settings> read_settings(const std::string& config, config::Origins* origins) {
  if (config.empty()) return config::parse_settings("", "defaults", config::process_variables(), origins);
  return config::load_settings(config, config::process_variables(), origins);
}

std::string complete_listen_address(const std::string& given, const std::string& usual) {
  if (given.empty()) return usual;
  const auto usual_colon = usual.rfind(':');
  const bool is_port = std::all_of(given.begin(), given.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (is_port) return usual.substr(0, usual_colon + 1) + given;
  const auto colon = given.rfind(':');
  const bool has_port = colon != std::string::npos && given.back() != ']';
  return has_port ? given : given + usual.substr(usual_colon);
}

config::Settings dev_settings(config::Settings settings, const DevArguments& arguments, const DataDir& data,
                              const std::string& database) {
  const config::Settings usual;
  settings.database.url = database;
  settings.http.listen = complete_listen_address(arguments.listen, settings.http.listen);
  if (settings.plugins.dir == usual.plugins.dir) settings.plugins.dir = data.plugins().string();
  if (!arguments.plugins.empty())
    settings.plugins.dir = std::filesystem::absolute(arguments.plugins).lexically_normal().string();
  if (settings.plugins.state_dir == usual.plugins.state_dir) settings.plugins.state_dir = data.plugin_cache().string();
  if (settings.log.file.empty()) settings.log.file = data.host_log().string();
  return settings;
}

}  // namespace tasker::app

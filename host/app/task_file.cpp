#include "app/task_file.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

#include <spdlog/fmt/fmt.h>

#include "base/json_value.h"

namespace tasker::app {
namespace {

constexpr std::size_t kMaxFile = 256u << 20;

std::string text_of(const json::Value& value) { return std::string(value.text); }

// Not a stream: one that is opened on a folder throws on the first read.
Result<std::string> read_all(int file, const std::string& name) {
  std::string text;
  char buffer[65536];
  for (ssize_t got = 0; (got = ::read(file, buffer, sizeof buffer)) != 0;) {
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return make_error(Code::command_invalid, fmt::format("cannot read {}: {}", name, std::strerror(errno)));
    text.append(buffer, static_cast<std::size_t>(got));
    if (text.size() > kMaxFile) return make_error(Code::too_large, fmt::format("{} is larger than 256 MiB", name));
  }
  return text;
}

}  // namespace

Result<std::string> read_file_or_stdin(const std::string& name) {
  if (name == "-") return read_all(STDIN_FILENO, "stdin");
  const int file = ::open(name.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return make_error(errno == ENOENT ? Code::not_found : Code::command_invalid,
                      fmt::format("cannot open {}: {}", name, std::strerror(errno)));
  auto text = read_all(file, name);
  ::close(file);
  return text;
}

Result<std::vector<std::string>> tasks_in(std::string_view text) {
  const auto parsed = json::parse(text, {.max_bytes = kMaxFile});
  if (!parsed) return parsed.error();
  const json::Value* list = &*parsed;
  if (const auto* tasks = parsed->is(JsonKind::object) ? parsed->find("tasks") : nullptr) list = tasks;
  std::vector<std::string> tasks;
  if (list->is(JsonKind::array)) {
    for (const auto& task : list->items) tasks.push_back(text_of(task));
  } else {
    tasks.push_back(text_of(*parsed));
  }
  if (tasks.empty()) return make_error(Code::command_invalid, "there is no task in it");
  return tasks;
}

}  // namespace tasker::app

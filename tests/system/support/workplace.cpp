#include "system/support/workplace.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include <spdlog/fmt/fmt.h>

#include "system/support/eventually.h"

namespace tasker::test {
namespace {

namespace fs = std::filesystem;

constexpr const char* kConfiguration = R"(environment: test
{database}http:
  listen: {listen}
plugins:
  dir: {plugins}
  state_dir: {state}
  settle_ms: 100
  configuration:
    default/order_process:
      orders_file: {orders}
      ledger_file: {ledger}
      outbox_dir: {outbox}
      gateway_latency_ms: {latency}
engine:
  workers: {workers}
  grace_seconds: {grace}
liveness:
  heartbeat_seconds: 1
  timeout_seconds: {liveness}
log:
  file: {log}
)";

}  // namespace

Workplace::Workplace() {
  fs::permissions(folder_.path(), fs::perms(0755));
  fs::create_directory(plugins());
  fs::copy_file(source_path("plugins/default/order_process/data/orders.json"), path("orders.json"));
}

void Workplace::drop(const std::string& plugin, const std::string& as) const {
  const auto target = plugins() / (as.empty() ? plugin : as);
  fs::create_directories(target.parent_path());
  fs::copy_file(built_plugin(plugin), target);
}

std::string Workplace::configuration(const std::string& database, const Tuning& tuning, const std::string& name) const {
  const auto file = path(name + ".yaml");
  write_file(file, fmt::format(fmt::runtime(kConfiguration),
                               fmt::arg("database", database.empty() ? "" : "database:\n  url: \"" + database + "\"\n"),
                               fmt::arg("listen", tuning.listen), fmt::arg("plugins", plugins().string()),
                               fmt::arg("state", path(name + "-state").string()),
                               fmt::arg("orders", path("orders.json").string()),
                               fmt::arg("ledger", path("ledger.jsonl").string()),
                               fmt::arg("outbox", path("outbox").string()), fmt::arg("latency", tuning.gateway_latency_ms),
                               fmt::arg("workers", tuning.workers), fmt::arg("grace", tuning.grace_seconds),
                               fmt::arg("liveness", tuning.liveness_seconds),
                               fmt::arg("log", path(name + ".log").string())));
  return file.string();
}

std::unique_ptr<TaskerProcess> Workplace::serve(const std::string& database, const Tuning& tuning,
                                                const std::string& name) const {
  auto process = std::make_unique<TaskerProcess>(
      std::vector<std::string>{"serve", "--config", configuration(database, tuning, name)}, path(name + ".out"));
  process->also_show(path(name + ".log"));
  return process;
}

std::unique_ptr<TaskerProcess> Workplace::dev(const Tuning& tuning, std::vector<std::string> more) const {
  std::vector<std::string> arguments{"dev", "--data", path("data").string(), "--config", configuration("", tuning, "dev")};
  arguments.insert(arguments.end(), more.begin(), more.end());
  auto process = std::make_unique<TaskerProcess>(arguments, path("dev.out"));
  process->also_show(path("dev.log"));
  return process;
}

void Workplace::make_orders(int count) const {
  const auto made = path("made");
  fs::create_directory(made);
  const auto command = fmt::format("python3 '{}' --count {} --all-valid '{}'",
                                   source_path("plugins/default/order_process/data/make_orders.py").string(), count,
                                   made.string());
  ASSERT_EQ(std::system(command.c_str()), 0) << command;
  fs::rename(made / "orders.json", path("orders.json"));
}

std::vector<Json> Workplace::orders() const { return Json::parse(read_file(path("orders.json"))); }

std::vector<Json> Workplace::ledger() const {
  std::vector<Json> lines;
  std::ifstream in(path("ledger.jsonl"));
  for (std::string line; std::getline(in, line);) lines.push_back(Json::parse(line, nullptr, false));
  return lines;
}

std::size_t Workplace::ledger_lines() const {
  std::ifstream in(path("ledger.jsonl"));
  return static_cast<std::size_t>(std::count(std::istreambuf_iterator<char>(in), {}, '\n'));
}

void Workplace::with_ledger_locked(const std::function<void()>& act) const {
  const int file = ::open(path("ledger.jsonl").c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_GE(file, 0);
  EXPECT_TRUE(eventually([&] { return ::flock(file, LOCK_EX | LOCK_NB) == 0; }, kPatience, std::chrono::milliseconds(0)));
  act();
  ::close(file);
}

}  // namespace tasker::test

#include "app/host.h"

#include <unistd.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <future>
#include <iterator>
#include <sstream>

#include <spdlog/fmt/fmt.h>

#include "app/catalogue_bridge.h"
#include "app/io_threads.h"
#include "app/metrics.h"
#include "base/log.h"
#include "base/process_id.h"
#include "config/plugin_secrets.h"
#include "engine/asio_executor.h"
#include "engine/engine.h"
#include "engine/task_service.h"
#include "engine/task_waits.h"
#include "http/server.h"
#include "plugin/crash_records.h"
#include "plugin/crash_report.h"
#include "plugin/file_rows.h"
#include "plugin/intake.h"
#include "plugin/loaded_plugin.h"
#include "plugin/loader.h"
#include "plugin/registry.h"
#include "runner/prober.h"
#include "runner/runners.h"
#include "store/migrator.h"
#include "store/pg_operators.h"
#include "store/pg_reader.h"
#include "store/pg_store.h"

namespace tasker::app {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kIoThreads = 2;
constexpr auto kRegisterDeadline = seconds(60);
constexpr auto kHttpGrace = milliseconds(2'000);
constexpr auto kPluginGrace = milliseconds(2'000);
// What the engine needs beyond the attempts' grace: to commit, to hand back, to leave.
constexpr auto kEngineEnd = seconds(15);

std::string machine_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "unknown";
}

engine::EngineOptions engine_options(const config::Settings& settings) {
  engine::EngineOptions options;
  options.workers = settings.engine.workers;
  options.async_workers = settings.engine.async_workers;
  options.max_in_flight = settings.engine.max_in_flight;
  options.poll = milliseconds(settings.engine.poll_ms);
  options.working_set_bytes = static_cast<std::size_t>(settings.engine.working_set_mib) << 20;
  return options;
}

http::ServerOptions server_options(const config::Settings& settings) {
  http::ServerOptions options;
  options.limits.body_bytes = static_cast<std::size_t>(settings.http.max_body_mib) << 20;
  options.access_log = settings.http.access_log;
  options.routes.idempotency_life = std::chrono::hours(settings.http.idempotency_hours);
  return options;
}

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream in(text);
  return {std::istream_iterator<std::string>(in), {}};
}

runner::RunnerLimits runner_limits(const config::RunnerSettings& settings) {
  runner::RunnerLimits limits;
  limits.memory_mib = settings.memory_mib;
  limits.files = settings.files;
  limits.silence = seconds(settings.silence_seconds);
  limits.attempt = seconds(settings.attempt_seconds);
  limits.crashes = settings.crashes;
  limits.crash_window = std::chrono::minutes(settings.crash_minutes);
  limits.attempts_per_process = settings.max_attempts_per_process;
  limits.seccomp = runner::seccomp_profile_from(settings.seccomp).value_or(runner::SeccompProfile::standard);
  return limits;
}

using OnStage = std::function<void(const std::string&)>;

Result<std::unique_ptr<store::PgStore>> open_store(const config::Settings& settings, const OnStage& on_stage) {
  store::MigratorOptions migrator;
  migrator.on_stage = [&](const std::string& doing) { on_stage("the database: " + doing); };
  migrator.connections_needed = settings.database.writers + 5;  // submit, beats, two for reads, the migrator's own
  const auto migrated = store::migrate(settings.database.url, migrator);
  if (!migrated) return migrated.error();
  for (const auto& name : migrated->applied) log_info("migration {} applied", name);
  for (const auto& warning : migrated->warnings) log_warn("{}", warning);
  store::PgStore::Options options;
  options.conninfo = settings.database.url;
  options.writers = settings.database.writers;
  options.crashes = std::make_shared<plugin::CrashFolder>(settings.plugins.state_dir);
  on_stage("the database: the host's connections");
  return store::PgStore::open(std::move(options));
}

}  // namespace

// In the order of construction; what comes later uses what came before.
class Host::Parts {
 public:
  explicit Parts(Options options) : options_(std::move(options)) {}
  ~Parts() { stop(); }

  Result<void> start();
  void stop();
  std::string url() const { return server_ ? server_->url() : std::string(); }
  engine::Api& api() { return *service_; }
  engine::Engine& engine() { return *engine_; }

 private:
  Result<void> build();
  Result<void> listen();
  Result<void> register_host();
  engine::Engine::Wiring engine_wiring();
  plugin::LoaderOptions loader_options();
  runner::RunnersOptions runners_options();
  runner::ProberOptions prober_options();
  void probe(const plugin::LoadRequest& request, std::function<void(Result<void>)> done);
  void plugin_changed(const plugin::PluginRecord& record);
  void task_ended(const engine::EndedTask& task);
  std::string plugins_trouble();
  void stop_http();
  void stop_engine();

  const Options options_;
  std::unique_ptr<store::PgStore> store_;
  std::unique_ptr<IoThreads> io_;
  std::unique_ptr<engine::AsioExecutor> executor_;
  plugin::Registry registry_;
  RegistryResolver resolver_{registry_};
  std::unique_ptr<CatalogueBridge> catalogue_;
  std::unique_ptr<engine::TaskWaits> waits_;
  std::unique_ptr<engine::Engine> engine_;
  std::unique_ptr<engine::TaskService> service_;
  std::unique_ptr<runner::Runners> runners_;
  std::unique_ptr<runner::Prober> prober_;
  std::unique_ptr<plugin::Loader> loader_;
  std::unique_ptr<http::Server> server_;
  std::atomic<bool> plugins_are_in_ = false;  // those that lay in the folder at start
  bool engine_started_ = false;
  bool stopped_ = false;
};

Result<void> Host::Parts::start() {
  const OnStage on_stage = options_.on_stage ? options_.on_stage : [](const std::string&) {};
  auto store = open_store(options_.settings, on_stage);
  if (!store) return store.error();
  store_ = std::move(*store);
  if (auto built = build(); !built) return built;
  if (auto bound = listen(); !bound) return bound;
  // Registering reads the records of crashes in that folder, and takes them away.
  if (auto prepared = plugin::prepare_state_dir(options_.settings.plugins.state_dir); !prepared) return prepared;
  on_stage("the database: registering this host");
  if (auto registered = register_host(); !registered) return registered;
  plugin::keep_crash_record(options_.settings.plugins.state_dir, current_process());
  if (server_) server_->start();
  if (options_.on_listening) options_.on_listening(url());
  return loader_->start();
}

Result<void> Host::Parts::build() {
  io_ = std::make_unique<IoThreads>(kIoThreads, [this](const std::string& what) {
    if (options_.on_failure)
      options_.on_failure(make_error(Code::internal, "an exception reached an I/O thread: " + what));
  });
  executor_ = std::make_unique<engine::AsioExecutor>(io_->context().get_executor());
  catalogue_ = std::make_unique<CatalogueBridge>(store_->catalogue());
  waits_ = std::make_unique<engine::TaskWaits>(*executor_, store_->reader());
  engine_ = std::make_unique<engine::Engine>(engine_wiring());
  service_ = std::make_unique<engine::TaskService>(
      *engine_, store_->reader(), store_->operators(), *waits_, resolver_,
      engine::TaskService::Folder{
          [this] { return plugins_trouble(); },
          [this] { return plugin::rows_of_files(loader_->plugins(), loader_->ignored()); },
          [this](const engine::PluginName& plugin) {
            return plugin::row_of_version(loader_->plugins(), plugin.namespace_name, plugin.name, plugin.version);
          },
          [this] { loader_->hear_orders(); }},
      [this](const std::optional<engine::QueueGauges>& queues) {
        return metrics_text({*engine_, *store_, loader_->plugins(), loader_->transitions(), server_ ? &server_->stats() : nullptr, queues});
      });
  runners_ = std::make_unique<runner::Runners>(runners_options());
  prober_ = std::make_unique<runner::Prober>(prober_options());
  loader_ = std::make_unique<plugin::Loader>(loader_options(), *catalogue_, registry_);
  return {};
}

engine::Engine::Wiring Host::Parts::engine_wiring() {
  const auto& liveness = options_.settings.liveness;
  return {.executor = *executor_,
          .store = *store_,
          .catalog = registry_,
          .host = {machine_name(), TASKER_VERSION, current_process()},
          .options = engine_options(options_.settings),
          .liveness = {.beat = seconds(liveness.heartbeat_seconds), .timeout = seconds(liveness.timeout_seconds)},
          .on_registered = [this](HostId host) { catalogue_->host_registered(host); },
          .on_ended = [this](const engine::EndedTask& task) { task_ended(task); },
          .make_runner = {}};
}

plugin::LoaderOptions Host::Parts::loader_options() {
  const auto& settings = options_.settings;
  plugin::LoaderOptions options;
  options.plugins = settings.plugins.dir;
  // A folder for each database: another one's hosts know nothing of the copies that the tasks of this one need.
  options.state = std::filesystem::path(settings.plugins.state_dir) / store_->installation();
  options.dev = options_.dev;
  options.environment = settings.environment;
  options.allow_list = settings.plugins.allow_list;
  options.settle = milliseconds(settings.plugins.settle_ms);
  options.rescan = seconds(settings.plugins.rescan_seconds);
  options.drain_timeout = seconds(settings.plugins.drain_timeout_seconds);
  options.init_limit = seconds(settings.plugins.init_seconds);
  options.config_for = [&known = settings.plugins.configuration](std::string_view namespace_name,
                                                                 std::string_view name) -> Result<std::string> {
    const auto found = known.find(std::string(namespace_name) + "/" + std::string(name));
    return found == known.end() ? Result<std::string>("") : config::with_secrets(found->second, [](const char* variable) { return std::getenv(variable); });
  };
  options.probe = [this](const plugin::LoadRequest& request, auto done) { probe(request, std::move(done)); };
  options.forget_probe = [this](const std::string& sha256) { prober_->forget(sha256); };
  options.isolate = [this](const plugin::LoadRequest& request) { return runners_->isolate(request); };
  options.on_change = [this](const plugin::PluginRecord& record) { plugin_changed(record); };
  options.on_registry = [this] { engine_->plugins_changed(); };
  for (const auto& [name, json] : settings.plugins.configuration) options.configured.push_back(name);
  options.on_ignored = options_.on_ignored;
  options.on_warning = options_.on_warning;
  return options;
}

runner::RunnersOptions Host::Parts::runners_options() {
  const auto& settings = options_.settings;
  runner::RunnersOptions options;
  if (!options_.runner_program.empty()) options.program = options_.runner_program;
  options.folder = std::filesystem::path(settings.plugins.state_dir) / "runners";
  options.environment = words_of(settings.runner.environment);
  options.workers = static_cast<std::uint32_t>(settings.engine.workers);
  options.async_workers = static_cast<std::uint32_t>(settings.engine.async_workers);
  options.limits_for = [&settings](std::string_view namespace_name, std::string_view name) {
    const auto chosen = config::runner_for(settings.plugins.isolation, settings.runner, settings.plugins.isolation_of, namespace_name, name);
    return chosen ? std::optional(runner_limits(*chosen)) : std::nullopt;
  };
  return options;
}

runner::ProberOptions Host::Parts::prober_options() {
  const auto& settings = options_.settings;
  runner::ProberOptions options;
  if (!options_.runner_program.empty()) options.program = options_.runner_program;
  options.limit = seconds(settings.plugins.probe_seconds);
  options.known = std::filesystem::path(settings.plugins.state_dir) / "probed";
  return options;
}

// The runner of an isolated plugin is its probe: nothing of it is opened in this process.
void Host::Parts::probe(const plugin::LoadRequest& request, std::function<void(Result<void>)> done) {
  const auto& settings = options_.settings;
  const auto& definition = *request.definition;
  if (config::runner_for(settings.plugins.isolation, settings.runner, settings.plugins.isolation_of, definition.namespace_name,
                         definition.name))
    return done({});
  prober_->probe(request, std::move(done));
}

void Host::Parts::task_ended(const engine::EndedTask& task) {
  waits_->ended(task.task);
  if (options_.on_task_ended) options_.on_task_ended(task);
}

void Host::Parts::plugin_changed(const plugin::PluginRecord& record) {
  // Steps may have waited in the queue for just this version.
  if (record.state == plugin::PluginState::active || record.state == plugin::PluginState::draining)
    engine_->work_was_queued();
  if (options_.on_plugin) options_.on_plugin(record);
}

// Ready means that a task submitted now finds its handler: whoever waits for it need not wait for anything else.
std::string Host::Parts::plugins_trouble() {
  if (!plugins_are_in_ && loader_->has_settled()) plugins_are_in_ = true;
  if (plugins_are_in_) return "";
  return std::string(code_text(Code::plugin_not_loaded)) + ": the plugins that lay in the folder at start are still being taken in";
}

Result<void> Host::Parts::listen() {
  if (!options_.serve_http) return {};
  const auto address = http::parse_listen_address(options_.settings.http.listen);
  if (!address) return address.error();
  server_ = std::make_unique<http::Server>(io_->context(), *service_, server_options(options_.settings));
  const auto port = server_->bind(address->address, address->port, options_.next_free_port);
  if (!port) return port.error();
  return {};
}

Result<void> Host::Parts::register_host() {
  // Shared with the callback, which may come after we gave up.
  auto answer = std::make_shared<std::promise<Result<HostId>>>();
  auto registered = answer->get_future();
  engine_started_ = true;
  engine_->start([answer](Result<HostId> host) { answer->set_value(std::move(host)); });
  if (registered.wait_for(kRegisterDeadline) != std::future_status::ready)
    return make_error(Code::timed_out, fmt::format("this host could not register in the database within {} s; see the "
                                                   "log", kRegisterDeadline.count()));
  const auto host = registered.get();
  if (!host) return host.error();
  return {};
}

void Host::Parts::stop() {
  if (std::exchange(stopped_, true)) return;
  if (server_) stop_http();
  if (std::exchange(engine_started_, false)) stop_engine();
  if (loader_) loader_->stop(kPluginGrace);
  if (prober_) prober_->stop();
  if (runners_) runners_->stop();
  if (store_) store_->stop();
  if (executor_) executor_->stop();
  if (io_) io_->stop();
}

void Host::Parts::stop_http() {
  auto stopped = std::make_shared<std::promise<void>>();
  waits_->end_all();  // who waits for a task gets it as it is now
  server_->stop(kHttpGrace, [stopped] { stopped->set_value(); });
  if (stopped->get_future().wait_for(kHttpGrace * 2) != std::future_status::ready)
    log_warn("connections did not close within {} ms", (kHttpGrace * 2).count());
}

void Host::Parts::stop_engine() {
  const auto grace = seconds(options_.settings.engine.grace_seconds);
  auto stopped = std::make_shared<std::promise<void>>();
  engine_->stop(grace, [stopped] { stopped->set_value(); });
  if (stopped->get_future().wait_for(grace + kEngineEnd) != std::future_status::ready)
    log_error("the engine did not stop in time; what it held is taken over by another host or at the next start");
}

Host::Host(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Host::~Host() = default;

Result<std::unique_ptr<Host>> Host::start(Options options) {
  auto parts = std::make_unique<Parts>(std::move(options));
  if (auto started = parts->start(); !started) return started.error();
  return std::unique_ptr<Host>(new Host(std::move(parts)));
}

void Host::stop() { parts_->stop(); }
std::string Host::url() const { return parts_->url(); }
engine::Api& Host::api() { return parts_->api(); }
engine::Engine& Host::engine() { return parts_->engine(); }

}  // namespace tasker::app

#include "plugin/loaded_plugin.h"

#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include "base/log.h"
#include "base/utf8.h"
#include "plugin/abi_sizes.h"
#include "plugin/apart_call.h"
#include "plugin/copied_outcome.h"
#include "plugin/crash_report.h"
#include "plugin/invoke.h"

namespace tasker::plugin {
namespace {

constexpr std::size_t kMaxHandlers = 16'384;

Error bad_table(std::string what) { return make_error(Code::plugin_bad_table, std::move(what)); }

// From the outside in: no member is read before the checks that make it readable.
Result<void> check_entry(const tasker_plugin& plugin, std::uint64_t entry_bytes) {
  if (plugin.struct_size < kPluginSize1_0)
    return bad_table("tasker_plugin_v1 says it has " + std::to_string(plugin.struct_size) + " bytes, less than the " +
                     std::to_string(kPluginSize1_0) + " of version 1.0");
  if (plugin.struct_size > entry_bytes)
    return bad_table("tasker_plugin_v1 says it has " + std::to_string(plugin.struct_size) + " bytes, but the file holds " +
                     std::to_string(entry_bytes));
  if (plugin.abi_major != TASKER_ABI_MAJOR)
    return make_error(Code::plugin_abi_unsupported, "it was built for plugin ABI " + std::to_string(plugin.abi_major) +
                                                        ", this host has " + std::to_string(TASKER_ABI_MAJOR));
  if (plugin.needs_abi_minor > TASKER_ABI_MINOR)
    return make_error(Code::plugin_abi_unsupported, "it needs plugin ABI " + std::to_string(plugin.abi_major) + "." +
                                                        std::to_string(plugin.needs_abi_minor) + ", this host has " +
                                                        std::to_string(TASKER_ABI_MAJOR) + "." + std::to_string(TASKER_ABI_MINOR));
  if (plugin.needs_extensions && plugin.needs_extensions[0])
    return make_error(Code::plugin_abi_unsupported, "it needs the extension " +
                                                        clean_text(text_of(plugin.needs_extensions[0]), 128) +
                                                        ", and this host has none");
  if (plugin.parts && plugin.parts[0])
    return make_error(Code::plugin_not_supported_yet, "it offers a part of kind " + std::to_string(plugin.parts[0]->kind) +
                                                          ", which this host does not know; only handlers are supported yet");
  if (plugin.task_created || plugin.task_ended)
    return make_error(Code::plugin_not_supported_yet, "the hooks task_created and task_ended are not yet supported");
  if (!plugin.init || !plugin.fini) return bad_table("init and fini must not be NULL");
  if (!plugin.handlers) return bad_table("the array of handlers is NULL");
  return {};
}

using HandlersByName = std::map<std::string_view, const tasker_handler*>;

Result<HandlersByName> read_handlers(const tasker_handler* const* handlers) {
  HandlersByName by_name;
  for (std::size_t i = 0; handlers[i]; ++i) {
    const tasker_handler& handler = *handlers[i];
    const std::string at = "handler number " + std::to_string(i + 1);
    if (i >= kMaxHandlers) return bad_table("the array of handlers has no end");
    if (handler.struct_size < kHandlerSize1_0)
      return bad_table(at + " says it has " + std::to_string(handler.struct_size) + " bytes, less than version 1.0's");
    if (!handler.name.data || handler.name.size == 0 || handler.name.size > 256 || !is_utf8(view(handler.name)))
      return bad_table(at + " has no readable name");
    if (!handler.run) return bad_table("handler " + std::string(view(handler.name)) + " has no run function");
    if ((handler.flags & ~std::uint32_t{TASKER_HANDLER_ASYNC}) != 0)
      return make_error(Code::plugin_not_supported_yet,
                        "handler " + std::string(view(handler.name)) + " sets flags that this host does not know");
    if (!by_name.emplace(view(handler.name), &handler).second)
      return bad_table("handler " + std::string(view(handler.name)) + " is registered twice");
  }
  return by_name;
}

}  // namespace

Result<std::vector<const tasker_handler*>> check_tables(const tasker_plugin& plugin, std::uint64_t entry_bytes,
                                                        const model::TaskTemplate& definition) {
  if (const auto checked = check_entry(plugin, entry_bytes); !checked) return checked.error();
  const auto by_name = read_handlers(plugin.handlers);
  if (!by_name) return by_name.error();

  std::vector<const tasker_handler*> chosen;
  std::set<std::string_view> used;
  for (const model::StepTemplate& step : definition.steps) {
    auto found = by_name->find(step.handler_class);
    if (found == by_name->end()) found = by_name->find(step.handler);
    if (found == by_name->end())
      return make_error(Code::plugin_handler_missing, "step " + step.name + " names the handler " + step.handler_class +
                                                          ", which the plugin does not register");
    chosen.push_back(found->second);
    used.insert(found->first);
  }
  for (const auto& [name, handler] : *by_name)
    if (!used.contains(name))
      return make_error(Code::plugin_handler_unknown, "the plugin registers the handler " + std::string(name) +
                                                          ", which no step of its template names");
  return chosen;
}

namespace {

struct OpenedLibrary {
  Library library;
  const tasker_plugin* entry;
  std::vector<const tasker_handler*> step_handlers;
};

Result<OpenedLibrary> open_library(const LoadRequest& request) {
  auto library = [&] {
    const CrashMark mark(request.source, "while its library is opened", request.crash_note);
    return Library::open(request.file);
  }();
  if (!library) return library.error();
  const auto* entry = static_cast<const tasker_plugin*>(library->symbol("tasker_plugin_v1"));
  if (!entry) return make_error(Code::plugin_missing_symbol, "the library does not export tasker_plugin_v1");
  auto chosen = check_tables(*entry, request.entry_bytes, *request.definition);
  if (!chosen) {
    library->close();
    return chosen.error();
  }
  return OpenedLibrary{std::move(*library), entry, std::move(*chosen)};
}

}  // namespace

Result<void> try_library(const LoadRequest& request) {
  const auto opened = open_library(request);
  if (!opened) return opened.error();
  return {};
}

namespace {

struct InitAnswer {
  std::mutex mutex;  // guards both
  std::optional<Result<void*>> self;
  bool is_given_up = false;
};

// The plugin stays where it is when its init() does not come back: its thread is in it. When it does in the end, fini() follows.
Result<void*> init_in_time(const std::shared_ptr<LoadedPlugin>& plugin, const tasker_plugin& entry, const LoadRequest& request) {
  if (request.init_limit.count() == 0) return call_init(entry, plugin->host(), request.config, request.crash_note);
  const auto answer = std::make_shared<InitAnswer>();
  const auto call = ApartCall::start([plugin, &entry, config = request.config, note = request.crash_note, answer] {
    auto self = call_init(entry, plugin->host(), config, note);
    std::unique_lock lock(answer->mutex);
    answer->self = std::move(self);
    if (!answer->is_given_up || !*answer->self) return;
    lock.unlock();
    call_fini(entry, **answer->self, plugin->host().source());
  }, [] {});
  if (!call) return make_error(Code::no_thread, "its init() was not called: " + call.error().message, Retry::later);
  (*call)->wait_until(std::chrono::steady_clock::now() + request.init_limit, request.stop);
  {
    const std::lock_guard lock(answer->mutex);
    if (answer->self) return *answer->self;
    answer->is_given_up = true;
  }
  if (request.stop.stop_requested()) return make_error(Code::stopping, "the host stopped while it was in its init()", Retry::later);
  return make_error(Code::plugin_init_failed, "its init() has not returned within " + std::to_string(request.init_limit.count()) +
                                                  " ms (plugins.init_seconds); its thread is left in it");
}

}  // namespace

LoadedPlugin::LoadedPlugin(Library library, const LoadRequest& request)
    : library_(std::move(library)), host_(request.attempts, request.source, request.limits) {}

Result<std::shared_ptr<LoadedPlugin>> LoadedPlugin::load(const LoadRequest& request) {
  auto opened = open_library(request);
  if (!opened) return opened.error();
  const tasker_plugin* entry = opened->entry;
  const std::shared_ptr<LoadedPlugin> plugin(new LoadedPlugin(std::move(opened->library), request));
  plugin->entry_ = entry;
  plugin->step_handlers_ = std::move(opened->step_handlers);
  // After a failed init the library stays mapped: a thread it may have started must not lose its code.
  const auto self = init_in_time(plugin, *entry, request);
  if (!self && self.error().code == Code::no_thread) plugin->close();  // nothing of it ran but what opening it runs
  if (!self) return self.error();
  plugin->self_ = *self;
  return plugin;
}

std::vector<std::shared_ptr<engine::Handler>> LoadedPlugin::handlers() { return make_handlers(shared_from_this()); }

void LoadedPlugin::drain() {
  if (std::exchange(is_drained_, true)) return;
  host_.retire();
  call_drain(*entry_, self_, host_.source());
}

void LoadedPlugin::finish() {
  if (!std::exchange(is_finished_, true)) call_fini(*entry_, self_, host_.source());
}

bool LoadedPlugin::close() {
  entry_ = nullptr;
  step_handlers_.clear();
  return library_.close();
}

bool LoadedPlugin::retire(std::chrono::steady_clock::time_point deadline) {
  drain();
  if (!host_.gate().wait_until_empty(deadline)) {
    log_warn("plugin {}: {} attempts are still running; it is left as it is", host_.source(), host_.gate().inside());
    return false;
  }
  finish();
  return true;
}

}  // namespace tasker::plugin

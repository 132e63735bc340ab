#include "plugin_file.h"

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <string_view>
#include <utility>

namespace tasker::test {
namespace {

tasker_str borrow(std::string_view text) {
  return {text.data(), text.size()};
}
std::string copy(tasker_str text) {
  return text.data ? std::string(text.data, text.size) : std::string();
}

// What the host's functions know of the attempt that a thread runs; handlers that ask from another thread see none.
struct Running {
  const std::atomic<std::uint32_t>* stop_bits = nullptr;
  nlohmann::json checkpoint;
};
thread_local Running running;

std::uint32_t bits() { return running.stop_bits == nullptr ? 0U : running.stop_bits->load(); }

// A host that keeps the checkpoint alone.
const tasker_host& plain_host() {
  static const tasker_host host = {
      sizeof(tasker_host),
      TASKER_ABI_MAJOR,
      TASKER_ABI_MINOR,
      nullptr,
      TASKER_STR("test"),
      TASKER_STR("1.0.0"),
      [](const tasker_host*, tasker_token, std::int32_t, tasker_str, tasker_str) noexcept {},
      [](const tasker_host*, std::int32_t) noexcept { return 0; },
      [](const tasker_host*, tasker_token) noexcept { return bits(); },
      [](const tasker_host*, tasker_token, std::int32_t, tasker_str, tasker_str checkpoint) noexcept {
        if (checkpoint.data != nullptr) running.checkpoint = nlohmann::json::parse(copy(checkpoint), nullptr, false);
        return bits();
      },
      [](const tasker_host*, tasker_token, tasker_str, tasker_str) noexcept { return 0; },
      [](const tasker_host*, tasker_token, const tasker_outcome*) noexcept { return 0; },
      [](const tasker_host*, const char*) noexcept -> const void* { return nullptr; }};
  return host;
}

Answer take(const tasker_outcome& outcome) {
  Answer answer{outcome.kind, copy(outcome.code), copy(outcome.message), outcome.retry_after_ms,
                nlohmann::json::parse(copy(outcome.payload), nullptr, false), nullptr};
  if (outcome.release != nullptr) outcome.release(outcome.release_ctx);
  return answer;
}

tasker_outcome empty_outcome() {
  tasker_outcome outcome{};
  outcome.struct_size = sizeof outcome;
  return outcome;
}

void* open(const std::string& name) {
  const std::string path = std::string(TASKER_BINARY_DIR) + "/plugins/" + name + ".so";
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  EXPECT_NE(library, nullptr) << dlerror();
  return library;
}

const tasker_plugin* entry(void* library) {
  return static_cast<const tasker_plugin*>(dlsym(library, "tasker_plugin_v1"));
}

}  // namespace

PluginFile::PluginFile(const std::string& name, const nlohmann::json& config)
    : library_(open(name)), plugin_(entry(library_)) {
  auto error = empty_outcome();
  const std::string text = config.dump();
  if (plugin_->init(&plain_host(), borrow(text), &self_, &error) != 0)
    throw std::runtime_error(name + " refused to start: " + take(error).message);
}

PluginFile::~PluginFile() {
  plugin_->fini(self_);
  dlclose(library_);
}

Answer PluginFile::run(const Attempt& attempt) const {
  const std::string key =
      attempt.idempotency_key.empty() ? attempt.task_id + "/" + (attempt.step.empty() ? attempt.handler : attempt.step)
                                                                : attempt.idempotency_key;
  const std::string context = attempt.context.dump(), inputs = attempt.inputs.dump();
  const std::string config = attempt.config.dump();
  const std::string checkpoint = attempt.checkpoint.is_null() ? "" : attempt.checkpoint.dump();
  tasker_call call{};
  call.struct_size = sizeof call;
  call.attempt = attempt.attempt;
  call.retry_limit = 3;
  call.token = 1;
  call.task_id = borrow(attempt.task_id);
  call.step_name = borrow(attempt.step.empty() ? attempt.handler : attempt.step);
  call.idempotency_key = borrow(key);
  call.context = borrow(context);
  call.inputs = borrow(inputs);
  call.config = borrow(config);
  if (!checkpoint.empty()) call.checkpoint = borrow(checkpoint);
  if (!attempt.correlation_id.empty()) call.correlation_id = borrow(attempt.correlation_id);
  for (const auto* handler = plugin_->handlers; *handler != nullptr; ++handler) {
    if (copy((*handler)->name) != attempt.handler) continue;
    auto outcome = empty_outcome();
    running = {attempt.stop_bits, nullptr};
    EXPECT_EQ((*handler)->run(self_, &call, &outcome), TASKER_DONE);
    Answer answer = take(outcome);
    answer.checkpoint = std::exchange(running, {}).checkpoint;
    return answer;
  }
  throw std::runtime_error("the plugin has no handler " + attempt.handler);
}

Answer PluginFile::refusal(const std::string& name, const nlohmann::json& config) {
  void* library = open(name);
  void* self = nullptr;
  auto error = empty_outcome();
  const std::string text = config.dump();
  Answer answer;
  if (entry(library)->init(&plain_host(), borrow(text), &self, &error) != 0)
    answer = take(error);
  else
    entry(library)->fini(self);
  dlclose(library);
  return answer;
}

}  // namespace tasker::test

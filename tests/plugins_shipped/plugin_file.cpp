#include "plugin_file.h"

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <string_view>

namespace tasker::test {
namespace {

tasker_str borrow(std::string_view text) {
  return {text.data(), text.size()};
}
std::string copy(tasker_str text) {
  return text.data ? std::string(text.data, text.size) : std::string();
}

// A host that keeps nothing and stops nobody.
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
      [](const tasker_host*, tasker_token) noexcept { return 0U; },
      [](const tasker_host*, tasker_token, std::int32_t, tasker_str, tasker_str) noexcept { return 0U; },
      [](const tasker_host*, tasker_token, tasker_str, tasker_str) noexcept { return 0; },
      [](const tasker_host*, tasker_token, const tasker_outcome*) noexcept { return 0; },
      [](const tasker_host*, const char*) noexcept -> const void* { return nullptr; }};
  return host;
}

Answer take(const tasker_outcome& outcome) {
  Answer answer{outcome.kind, copy(outcome.code), copy(outcome.message), outcome.retry_after_ms,
                nlohmann::json::parse(copy(outcome.payload), nullptr, false)};
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
      attempt.idempotency_key.empty() ? attempt.task_id + "/" + attempt.handler : attempt.idempotency_key;
  const std::string context = attempt.context.dump(), inputs = attempt.inputs.dump();
  tasker_call call{};
  call.struct_size = sizeof call;
  call.attempt = attempt.attempt;
  call.retry_limit = 3;
  call.token = 1;
  call.task_id = borrow(attempt.task_id);
  call.step_name = borrow(attempt.handler);
  call.idempotency_key = borrow(key);
  call.context = borrow(context);
  call.inputs = borrow(inputs);
  for (const auto* handler = plugin_->handlers; *handler != nullptr; ++handler) {
    if (copy((*handler)->name) != attempt.handler) continue;
    auto outcome = empty_outcome();
    EXPECT_EQ((*handler)->run(self_, &call, &outcome), TASKER_DONE);
    return take(outcome);
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

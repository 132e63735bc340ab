// run_plugin FILE.so CONFIG CONTEXT HANDLER...: loads one plugin and runs the named handlers in turn, each with the results of
// those before as inputs, up to five attempts. Prints each outcome as one line of JSON. For scripts that build plugins.
#include <cstdio>
#include <exception>
#include <string>

#include "fake_host.h"
#include "plugin_file.h"

namespace {

using tasker::Json;

Json as_json(const abi_test::Outcome& outcome) {
  static const char* const kinds[] = {"ok", "retry", "fail", "wait", "cancelled"};
  Json json = {{"kind", kinds[outcome.kind]}, {"code", outcome.code}, {"message", outcome.message},
               {"retry_after_ms", outcome.retry_after_ms}};
  if (!outcome.payload.empty()) json["payload"] = Json::parse(outcome.payload);
  return json;
}

int run(int count, char** words) {
  const abi_test::PluginFile file(words[1]);
  abi_test::FakeHost host;
  abi_test::Running running(file.plugin(), host, words[2]);
  if (running.status != 0) throw std::runtime_error("init failed: " + running.init_error.message);
  Json inputs = Json::object();
  for (int i = 4; i < count; ++i) {
    if (!running.find(words[i])) throw std::runtime_error(std::string("no handler ") + words[i]);
    abi_test::Outcome outcome;
    abi_test::Attempt attempt{.context = words[3], .inputs = inputs.dump(), .retry_limit = 5};
    for (attempt.number = 1; attempt.number <= attempt.retry_limit; ++attempt.number) {
      outcome = running.run(words[i], attempt);
      std::puts(as_json(outcome).dump().c_str());
      if (outcome.kind != TASKER_RETRY) break;
    }
    if (outcome.kind != TASKER_OK) return 0;
    inputs[words[i]] = Json::parse(outcome.payload);
  }
  return 0;
}

}  // namespace

int main(int count, char** words) {
  if (count < 5) {
    std::fputs("usage: run_plugin FILE.so CONFIG CONTEXT HANDLER...\n", stderr);
    return 2;
  }
  try {
    return run(count, words);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "run_plugin: %s\n", error.what());
    return 1;
  }
}

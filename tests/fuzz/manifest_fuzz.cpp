// The look at a plugin file before any of its code runs: any bytes are a plugin or a refusal with a sentence.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "plugin/manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto report = tasker::plugin::inspect_bytes(std::string(reinterpret_cast<const char*>(data), size));
  if (!report && report.error().message.empty()) std::abort();
  return 0;
}

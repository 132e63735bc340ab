// The template parser: any text is a template or an error with a sentence.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "model/template_yaml.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto parsed = tasker::model::parse_template({reinterpret_cast<const char*>(data), size}, "fuzz.yaml", "production");
  if (!parsed && parsed.error().message.empty()) std::abort();
  return 0;
}

// What comes over a runner's channel: any bytes, in pieces of any size, are frames or the end of the channel, and any body is
// a message or none.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "runner/frame.h"
#include "runner/messages.h"
#include "runner/probe_messages.h"

namespace {

using namespace tasker::runner;

void decode(std::string_view body) {
  decode_hello(body);
  decode_start(body);
  decode_ready(body);
  decode_outcome(body);
  decode_log(body);
  decode_stop(body);
  decode_level(body);
  decode_probe(body);
  if (const auto probed = decode_probed(body)) static_cast<void>(verdict_of(*probed, 5'000));
}

}  // namespace

// The first byte says how the rest is cut.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  constexpr std::size_t kMost = 4096;
  const std::size_t piece = std::size_t{1} + data[0];
  std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  decode(bytes);
  FrameReader reader(kMost);
  while (!bytes.empty()) {
    const auto space = reader.space();
    const std::size_t now = std::min({space.size(), bytes.size(), piece});
    std::memcpy(space.data(), bytes.data(), now);
    reader.filled(now);
    bytes.remove_prefix(now);
    Frame frame;
    auto next = reader.next(frame);
    for (; next == FrameReader::Next::frame; next = reader.next(frame)) {
      if (frame.body.size() > kMost) std::abort();
      decode(frame.body);
    }
    if (next == FrameReader::Next::broken) return 0;
  }
  return 0;
}

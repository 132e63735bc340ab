#include "runner/probe_messages.h"

#include "runner/death.h"
#include "runner/sandbox.h"

namespace tasker::runner {
namespace {

enum : std::uint8_t { kHasVerdict = 1, kTooSlow = 2, kOutOfMemory = 4, kMayPass = 8 };

}  // namespace

bool encode_probe(std::string& to, std::uint64_t token, const Probe& probe) {
  const std::size_t before = to.size();
  FrameWriter frame(to, FrameKind::probe, token);
  frame.text(probe.file).text(probe.source).u64(probe.entry_bytes).u32(probe.limit_ms);
  frame.u32(static_cast<std::uint32_t>(probe.handlers.size()));
  for (const HandlerNames& names : probe.handlers) frame.text(names.step).text(names.handler_class).text(names.handler);
  if (frame.end() <= kMaxProbeBody) return true;
  to.resize(before);
  return false;
}

std::optional<Probe> decode_probe(std::string_view body) {
  BodyReader from(body);
  Probe probe;
  probe.file = from.text();
  probe.source = from.text();
  probe.entry_bytes = from.u64();
  probe.limit_ms = from.u32();
  const std::uint32_t count = from.u32();
  constexpr std::size_t kLeastBytes = 3 * sizeof(std::uint32_t);  // of one, so that a wrong count costs nothing
  if (count > body.size() / kLeastBytes) return std::nullopt;
  for (std::uint32_t i = 0; i < count; ++i) {
    HandlerNames names;
    names.step = from.text();
    names.handler_class = from.text();
    names.handler = from.text();
    probe.handlers.push_back(names);
  }
  return from.whole() ? std::optional(std::move(probe)) : std::nullopt;
}

void encode_probed(std::string& to, std::uint64_t token, const Probed& probed) {
  const int flags = (probed.has_verdict ? kHasVerdict : 0) | (probed.was_too_slow ? kTooSlow : 0) |
                    (probed.ran_out_of_memory ? kOutOfMemory : 0) | (probed.may_pass ? kMayPass : 0);
  FrameWriter frame(to, FrameKind::probed, token);
  frame.u32(static_cast<std::uint32_t>(probed.status)).u8(static_cast<std::uint8_t>(flags));
  frame.text(probed.code).text(probed.message).text(probed.output).u64(probed.left_out).end();
}

std::optional<Probed> decode_probed(std::string_view body) {
  BodyReader from(body);
  Probed probed;
  probed.status = static_cast<std::int32_t>(from.u32());
  const std::uint8_t flags = from.u8();
  probed.has_verdict = (flags & kHasVerdict) != 0;
  probed.was_too_slow = (flags & kTooSlow) != 0;
  probed.ran_out_of_memory = (flags & kOutOfMemory) != 0;
  probed.may_pass = (flags & kMayPass) != 0;
  probed.code = from.text();
  probed.message = from.text();
  probed.output = from.text();
  probed.left_out = from.u64();
  return from.whole() ? std::optional(probed) : std::nullopt;
}

Result<void> verdict_of(const Probed& probed, std::uint32_t limit_ms) {
  if (probed.was_too_slow)
    return make_error(Code::plugin_timeout, "its library did not open within " + std::to_string(limit_ms / 1000) +
                                                " s (plugins.probe_seconds): what it does at load, in constructors of static objects, takes too long or never ends");
  if (!probed.has_verdict)
    return make_error(Code::plugin_crashed,
                      "what it does at load, in constructors of static objects, ended the process that tried it: " +
                          how_it_ended({.status = probed.status, .ran_out_of_memory = probed.ran_out_of_memory, .memory_mib = is_sanitized() ? 0 : kProbeMemoryMib}));
  if (probed.code.empty()) return {};
  const std::string shortage = probed.ran_out_of_memory ? "; memory ran out meanwhile" : "";
  return make_error(code_from_text(probed.code).value_or(Code::plugin_load_failed), std::string(probed.message) + shortage,
                    probed.may_pass ? Retry::later : Retry::never);
}

}  // namespace tasker::runner

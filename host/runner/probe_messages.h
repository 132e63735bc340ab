// What a host and its prober say to each other: one question for each library that is to be opened, and what became of the
// process that opened it. As messages.h: decoding is total, texts are views into the frame, and what the prober says is not
// believed beyond that. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "runner/frame.h"

namespace tasker::runner {

inline constexpr std::size_t kMaxProbeBody = std::size_t{4} << 20;

// Of each step of the plugin's template: what its handler may be called.
struct HandlerNames {
  std::string_view step{}, handler_class{}, handler{};
};

struct Probe {
  std::string_view file{}, source{};
  std::uint64_t entry_bytes = 0;
  std::uint32_t limit_ms = 0;
  std::vector<HandlerNames> handlers{};
};

struct Probed {
  std::int32_t status = 0;  // of waitpid
  bool has_verdict = false;  // else it ended before it had one
  bool was_too_slow = false;
  bool ran_out_of_memory = false;
  bool may_pass = false;        // Retry::later
  std::string_view code{}, message{};  // the verdict; no code: it is sound
  std::uint8_t mark = 0;               // of a trial's body; not sent
  std::string_view output{};           // what it wrote to its stdout and stderr
  std::uint64_t left_out = 0;          // bytes that it wrote beyond that
};

// False: it is too long to be sent.
bool encode_probe(std::string& to, std::uint64_t token, const Probe& probe);
std::optional<Probe> decode_probe(std::string_view body);
void encode_probed(std::string& to, std::uint64_t token, const Probed& probed);
std::optional<Probed> decode_probed(std::string_view body);

// In words: whether the library may be opened in the host, or why not.
Result<void> verdict_of(const Probed& probed, std::uint32_t limit_ms);

}  // namespace tasker::runner

// What goes over the channel between the host and a runner: frames of `u32 length · u8 kind · u64 token · body`, little
// endian. The length is checked against a limit before anything is read or allocated, so that a plugin that writes to the
// channel can end its runner and nothing else. Pure: no I/O; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tasker::runner {

// The first four and `level` come from the host. `probe` goes to a prober, `probed` comes from it.
enum class FrameKind : std::uint8_t { hello = 1, start, stop, drain, ready, outcome, log, beat, probe, probed, level };
inline constexpr std::uint8_t kLastFrameKind = static_cast<std::uint8_t>(FrameKind::level);

inline constexpr std::size_t kFrameHeader = 13;
// Of the frames that a host sends: a context and the results of a thousand parents. Longer ones are not sent.
inline constexpr std::size_t kMaxHostBody = std::size_t{256} << 20;

struct Frame {
  FrameKind kind{};
  std::uint64_t token = 0;
  std::string_view body;  // valid until the reader is touched again
};

// Cuts a stream into frames.
class FrameReader {
 public:
  explicit FrameReader(std::size_t max_body) : max_body_(max_body) {}

  // Where the next bytes of the stream go; at least one. Grows only for a frame whose length has been checked.
  std::span<char> space();
  void filled(std::size_t bytes) { end_ += bytes; }

  enum class Next { frame, more, broken };
  // `broken`: the length or the kind is not allowed; nothing after it can be read.
  Next next(Frame& frame);

 private:
  static constexpr std::size_t kUsual = 64 * 1024;

  const std::size_t max_body_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0, end_ = 0;
  std::size_t wanted_ = kFrameHeader;  // bytes of the frame at begin_, as far as known
};

// Appends one frame; the body is what is appended between construction and end().
class FrameWriter {
 public:
  FrameWriter(std::string& to, FrameKind kind, std::uint64_t token);
  FrameWriter& number(std::uint64_t value, int bytes);
  FrameWriter& u8(std::uint8_t value) { return number(value, 1); }
  FrameWriter& u32(std::uint32_t value) { return number(value, 4); }
  FrameWriter& u64(std::uint64_t value) { return number(value, 8); }
  FrameWriter& i64(std::int64_t value) { return number(static_cast<std::uint64_t>(value), 8); }
  FrameWriter& text(std::string_view value);
  // Answers the whole frame's size.
  std::size_t end();

 private:
  std::string& to_;
  const std::size_t start_;
};

// Reads a body. Never beyond its end: what is not there reads as 0 or empty, and whole() says so.
class BodyReader {
 public:
  explicit BodyReader(std::string_view body) : left_(body) {}
  std::uint64_t number(int bytes);
  std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
  std::uint64_t u64() { return number(8); }
  std::int64_t i64() { return static_cast<std::int64_t>(number(8)); }
  std::string_view text();
  // Everything that was read was there.
  bool fits() const { return fits_; }
  // And nothing is left over.
  bool whole() const { return fits_ && left_.empty(); }

 private:
  std::string_view left_;
  bool fits_ = true;
};

}  // namespace tasker::runner

#include "runner/frame.h"

#include <algorithm>
#include <cstring>

namespace tasker::runner {
namespace {

std::uint64_t read_number(const char* at, int bytes) {
  std::uint64_t value = 0;
  for (int i = bytes - 1; i >= 0; --i) value = value << 8 | static_cast<unsigned char>(at[i]);
  return value;
}

void write_number(char* at, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) at[i] = static_cast<char>(value >> (8 * i));
}

}  // namespace

std::span<char> FrameReader::space() {
  if (begin_ == end_) {
    begin_ = end_ = 0;
    if (buffer_.size() > kUsual && wanted_ <= kUsual) buffer_ = {};  // the memory of a large frame is not kept
  }
  const std::size_t needed = std::max(wanted_, kUsual);
  if (begin_ > 0 && (buffer_.size() - end_ < kUsual / 4 || buffer_.size() - begin_ < needed)) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (buffer_.size() - begin_ < needed || buffer_.size() == end_) buffer_.resize(begin_ + needed + kUsual);
  return {buffer_.data() + end_, buffer_.size() - end_};
}

FrameReader::Next FrameReader::next(Frame& frame) {
  const std::size_t have = end_ - begin_;
  wanted_ = kFrameHeader;
  if (have < kFrameHeader) return Next::more;
  const char* const at = buffer_.data() + begin_;
  const std::size_t length = read_number(at, 4);
  const std::uint8_t kind = static_cast<std::uint8_t>(at[4]);
  if (length > max_body_ || kind == 0 || kind > kLastFrameKind) return Next::broken;
  wanted_ = kFrameHeader + length;
  if (have < wanted_) return Next::more;
  frame.kind = static_cast<FrameKind>(kind);
  frame.token = read_number(at + 5, 8);
  frame.body = {at + kFrameHeader, length};
  begin_ += wanted_;
  wanted_ = kFrameHeader;
  return Next::frame;
}

FrameWriter::FrameWriter(std::string& to, FrameKind kind, std::uint64_t token) : to_(to), start_(to.size()) {
  u32(0).u8(static_cast<std::uint8_t>(kind)).u64(token);
}

FrameWriter& FrameWriter::number(std::uint64_t value, int bytes) {
  char digits[8];
  write_number(digits, value, bytes);
  to_.append(digits, static_cast<std::size_t>(bytes));
  return *this;
}

FrameWriter& FrameWriter::text(std::string_view value) {
  u32(static_cast<std::uint32_t>(value.size()));
  to_.append(value);
  return *this;
}

std::size_t FrameWriter::end() {
  write_number(to_.data() + start_, to_.size() - start_ - kFrameHeader, 4);
  return to_.size() - start_;
}

std::uint64_t BodyReader::number(int bytes) {
  const auto size = static_cast<std::size_t>(bytes);
  if (left_.size() < size) {
    fits_ = false;
    left_ = {};
    return 0;
  }
  const std::uint64_t value = read_number(left_.data(), bytes);
  left_.remove_prefix(size);
  return value;
}

std::string_view BodyReader::text() {
  const std::size_t size = u32();
  if (left_.size() < size) {
    fits_ = false;
    left_ = {};
    return {};
  }
  const std::string_view value = left_.substr(0, size);
  left_.remove_prefix(size);
  return value;
}

}  // namespace tasker::runner

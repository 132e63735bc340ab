// Frames and messages: what was written is read, and whatever else is read ends in nothing worse than a refusal.
#include "runner/frame.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "runner/messages.h"
#include "runner/probe_messages.h"

namespace tasker::runner {
namespace {

void feed(FrameReader& reader, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto space = reader.space();
    const std::size_t now = std::min(space.size(), bytes.size());
    std::memcpy(space.data(), bytes.data(), now);
    reader.filled(now);
    bytes.remove_prefix(now);
  }
}

std::string some_frames() {
  std::string bytes;
  engine::AttemptInput input;
  input.fence = {{TaskId{77}, 3}, 9};
  input.task_id = "77";
  input.context = std::make_shared<const std::string>(R"({"a":1})");
  input.inputs = std::string(100'000, 'x');
  encode_start(bytes, 42, input);
  encode_bare(bytes, FrameKind::beat);
  encode_stop(bytes, 42, 6);
  return bytes;
}

void expect_some_frames(FrameReader& reader) {
  Frame frame;
  ASSERT_EQ(reader.next(frame), FrameReader::Next::frame);
  EXPECT_EQ(frame.kind, FrameKind::start);
  EXPECT_EQ(frame.token, 42u);
  const auto start = decode_start(frame.body);
  ASSERT_TRUE(start);
  EXPECT_EQ(start->ord, 3);
  EXPECT_EQ(start->claim_no, 9);
  EXPECT_EQ(start->task_id, "77");
  EXPECT_EQ(start->context, R"({"a":1})");
  EXPECT_EQ(start->inputs.size(), 100'000u);
  ASSERT_EQ(reader.next(frame), FrameReader::Next::frame);
  EXPECT_EQ(frame.kind, FrameKind::beat);
  ASSERT_EQ(reader.next(frame), FrameReader::Next::frame);
  EXPECT_EQ(decode_stop(frame.body), 6u);
  EXPECT_EQ(reader.next(frame), FrameReader::Next::more);
}

TEST(Frames, AreReadAsTheyWereWrittenInOnePieceAndByteByByte) {
  const std::string bytes = some_frames();
  FrameReader whole(kMaxHostBody);
  feed(whole, bytes);
  expect_some_frames(whole);

  FrameReader slow(kMaxHostBody);
  Frame frame;
  for (std::size_t i = 0; i + 1 < bytes.size() && i < 100; ++i) {
    feed(slow, bytes.substr(i, 1));
    ASSERT_EQ(slow.next(frame), FrameReader::Next::more) << i;
  }
  feed(slow, std::string_view(bytes).substr(100));
  expect_some_frames(slow);
}

TEST(Frames, OfManyKindsInARowKeepTheirPlaces) {
  FrameReader reader(1 << 20);
  std::string bytes;
  std::mt19937 random(7);
  std::vector<std::size_t> sizes;
  for (int i = 0; i < 500; ++i) {
    sizes.push_back(random() % 3'000);
    FrameWriter(bytes, FrameKind::log, static_cast<std::uint64_t>(i)).text(std::string(sizes.back(), 'z')).end();
  }
  std::size_t seen = 0;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t now = std::min<std::size_t>(1 + random() % 5'000, bytes.size() - at);
    feed(reader, std::string_view(bytes).substr(at, now));
    at += now;
    for (Frame frame; reader.next(frame) == FrameReader::Next::frame; ++seen) {
      EXPECT_EQ(frame.token, seen);
      EXPECT_EQ(BodyReader(frame.body).text().size(), sizes.at(seen));
    }
  }
  EXPECT_EQ(seen, sizes.size());
}

TEST(Frames, AreRefusedByTheirLengthBeforeAnythingIsAllocated) {
  std::string bytes;
  FrameWriter(bytes, FrameKind::log, 1).text(std::string(1'000, 'z')).end();
  Frame frame;
  FrameReader narrow(1'003), fits(1'004);
  feed(narrow, bytes.substr(0, kFrameHeader));
  EXPECT_EQ(narrow.next(frame), FrameReader::Next::broken);
  feed(fits, bytes);
  EXPECT_EQ(fits.next(frame), FrameReader::Next::frame);
}

TEST(Frames, OfUnknownKindsAreRefused) {
  for (const int kind : {0, kLastFrameKind + 1, 255}) {
    std::string bytes;
    FrameWriter(bytes, static_cast<FrameKind>(kind), 1).end();
    FrameReader reader(100);
    feed(reader, bytes);
    Frame frame;
    EXPECT_EQ(reader.next(frame), FrameReader::Next::broken) << kind;
  }
}

// Every message, cut at every byte, is refused; and so it is with a byte too many.
TEST(Messages, AreReadWholeOrNotAtAll) {
  std::string start, outcome, hello, ready, log, level;
  encode_level(level, LogLevel::warn);
  engine::AttemptInput input;
  input.task_id = "7";
  input.inputs = "{}";
  encode_start(start, 1, input);
  engine::AttemptOutcome answer;
  answer.kind = model::OutcomeKind::retry;
  answer.message = "m";
  answer.checkpoint = "{}";
  encode_outcome(outcome, 1, answer);
  encode(hello, Hello{.file = "/f", .source = "s"});
  encode(ready, Ready{.is_ready = true, .code = "c", .message = "m"});
  encode(log, LogText{.message = "m", .step = "s"});
  const auto check = [](const std::string& frame, auto decode) {
    const std::string_view body = std::string_view(frame).substr(kFrameHeader);
    EXPECT_TRUE(decode(body));
    for (std::size_t size = 0; size < body.size(); ++size) EXPECT_FALSE(decode(body.substr(0, size))) << size;
    EXPECT_FALSE(decode(std::string(body) + "x"));
  };
  check(start, decode_start);
  model::TaskTemplate flow;
  flow.name = "flow";
  flow.steps.push_back({.ord = 1, .name = "fetch", .handler = {}, .handler_class = {}, .reference = {}, .description = {}, .dependent_system = {}, .parents = {}, .children = {},
                        .retry = {}, .handler_config = "{}", .custom_events = {{"fetched", ""}, {"failed", ""}}});
  input.definition = std::make_shared<const model::TaskTemplate>(flow);
  input.step = &input.definition->steps.front();
  std::string lent;
  encode_start(lent, 1, input, 2);
  check(lent, decode_start);
  check(outcome, decode_outcome);
  check(hello, decode_hello);
  check(ready, decode_ready);
  check(log, decode_log);
  check(level, decode_level);
  EXPECT_EQ(decode_level(std::string_view(level).substr(kFrameHeader)), LogLevel::warn);
  EXPECT_FALSE(decode_level("\x7f"));
  const auto read = decode_outcome(std::string_view(outcome).substr(kFrameHeader));
  EXPECT_EQ(read->kind, static_cast<std::uint8_t>(model::OutcomeKind::retry));
  EXPECT_EQ(read->retry_after_ms, -1);
  EXPECT_EQ(read->message, "m");
  EXPECT_EQ(read->checkpoint, "{}");
}

TEST(Messages, OfAnyBytesDoNoHarm) {
  std::mt19937 random(11);
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes(random() % 200, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random() % 4 == 0 ? random() : 0);
    decode_hello(bytes);
    decode_start(bytes);
    decode_ready(bytes);
    decode_outcome(bytes);
    decode_log(bytes);
    decode_stop(bytes);
    decode_level(bytes);
    decode_probe(bytes);
    decode_probed(bytes);
    FrameReader reader(4'096);
    feed(reader, bytes);
    for (Frame frame; reader.next(frame) == FrameReader::Next::frame;) decode_outcome(frame.body);
  }
}

}  // namespace
}  // namespace tasker::runner

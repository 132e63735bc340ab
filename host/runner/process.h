// The host's end of one runner: its process, its channel and its output, from the start to the last word on how it ended.
// It knows frames and signs of life, but no attempts: those are its owner's. All of it on the runners' I/O thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "base/log.h"
#include "base/result.h"
#include "runner/board.h"
#include "runner/death.h"
#include "runner/frame.h"
#include "runner/output_lines.h"
#include "runner/spawn.h"

namespace tasker::runner {

class Process : public std::enable_shared_from_this<Process> {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // May give up the process in its calls, but not destroy it.
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void process_said(Process& process, const Frame& frame) = 0;  // anything but beats
    virtual void process_ended(Process& process) = 0;                     // once; death() is known
  };

  struct Setup {
    SpawnRequest spawn;
    std::string label;
    std::uint32_t slots = 1;
    std::size_t max_body = 0;
    int memory_mib = 0;
  };
  static Result<std::shared_ptr<Process>> start(boost::asio::io_context& io, const Setup& setup, Owner& owner);
  ~Process();  // kills

  // Frames are put at the end of this, and go out together with flush().
  std::string& out() { return out_; }
  void flush();
  // For a reason of ours; process_ended comes later.
  void kill();
  // process_ended does not come any more.
  void disown() { owner_ = nullptr; }

  Board& board() { return board_; }
  // On its way out, by whatever cause: it answers nothing more.
  bool is_ending() const { return is_ending_ || is_killed_; }
  pid_t id() const { return process_; }
  Time started() const { return started_; }
  Time last_heard() const { return last_heard_; }
  void excuse_silence(Time now) { last_heard_ = now; }  // it was we who did not listen
  const Death& death() const { return death_; }

  // The owner's own notes on it.
  enum class State { starting, ready, leaving } state = State::starting;
  int in_flight = 0;        // attempts sent and not answered
  long attempts = 0;        // sent altogether
  std::size_t in_flight_bytes = 0;
  std::string why_killed;   // for the attempts inside; empty: nobody killed it
  bool was_silent = false;  // and was killed for it
  LogLevel level = LogLevel::off;  // which it was told last
  Time told_to_leave{};

 private:
  Process(boost::asio::io_context& io, const Setup& setup, Owner& owner, Board board, const Spawned& spawned);
  void flush_later();
  void listen();
  void listen_to_output();
  void listen_to_death();
  bool read_frames();  // false: the channel has ended
  void read_rest();
  bool read_output();
  void end();
  void reap(std::chrono::milliseconds pause);

  Owner* owner_;
  const std::string label_;
  Board board_;
  const pid_t process_;
  boost::asio::posix::stream_descriptor channel_, output_;
  boost::asio::posix::stream_descriptor death_file_;  // closed where the kernel has none
  boost::asio::steady_timer reaping_, sending_;
  FrameReader reader_;
  OutputLines lines_;
  std::string out_;
  std::size_t sent_ = 0;
  bool is_waiting_to_write_ = false, is_ending_ = false, is_killed_ = false, is_reaped_ = false;
  Time started_, last_heard_, ended_{};
  Death death_;
};

}  // namespace tasker::runner

#include "runner/process.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <cerrno>

#include "base/log.h"

namespace tasker::runner {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using Steady = std::chrono::steady_clock;

// A process whose channel has ended is about to end itself, or its plugin closed the channel.
constexpr milliseconds kEndPatience{1'000};
constexpr milliseconds kFirstLook{1}, kLongestLook{50};
constexpr milliseconds kShortagePause{10};
constexpr int kReadsInARow = 4;  // of one runner, before the others have their turn
constexpr int kLastReads = 64;   // when it is gone: what it started may write for ever

}  // namespace

Result<std::shared_ptr<Process>> Process::start(asio::io_context& io, const Setup& setup, Owner& owner) {
  auto board = Board::make(setup.slots);
  if (!board) return board.error();
  SpawnRequest request = setup.spawn;
  request.board = board->descriptor();
  const auto spawned = spawn_runner(request);
  if (!spawned) return spawned.error();
  board->close_descriptor();
  const std::shared_ptr<Process> process(new Process(io, setup, owner, std::move(*board), *spawned));
  process->listen();
  process->listen_to_output();
  process->listen_to_death();
  return process;
}

Process::Process(asio::io_context& io, const Setup& setup, Owner& owner, Board board, const Spawned& spawned)
    : owner_(&owner), label_(setup.label), board_(std::move(board)), process_(spawned.process), channel_(io, spawned.channel),
      output_(io, spawned.output), death_file_(io), reaping_(io), sending_(io), reader_(setup.max_body),
      lines_([this](std::string_view line) { log_plugin_line(LogLevel::info, {.plugin = label_}, line); }),
      started_(Steady::now()), last_heard_(started_) {
  death_.memory_mib = setup.memory_mib;
}

Process::~Process() {
  if (is_reaped_) return;
  ::kill(-process_, SIGKILL);
  ::kill(process_, SIGKILL);
  while (::waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

void Process::flush() {
  if (is_waiting_to_write_ || is_ending_) return;
  while (sent_ < out_.size()) {
    const ssize_t now = ::send(channel_.native_handle(), out_.data() + sent_, out_.size() - sent_, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (now > 0) {
      sent_ += static_cast<std::size_t>(now);
      continue;
    }
    if (errno == EINTR) continue;
    if (errno == ENOBUFS || errno == ENOMEM) return flush_later();
    if (errno != EAGAIN) break;  // it has ended, which the reading side finds
    is_waiting_to_write_ = true;
    return channel_.async_wait(asio::posix::stream_descriptor::wait_write,
                               [self = shared_from_this()](const boost::system::error_code& error) {
                                 self->is_waiting_to_write_ = false;
                                 if (!error) self->flush();
                               });
  }
  constexpr std::size_t kKept = 1 << 20;
  if (out_.capacity() > kKept) out_ = {};
  out_.clear();
  sent_ = 0;
}

// The kernel is short of memory: there may be room in the channel, and waiting for that would not wait.
void Process::flush_later() {
  is_waiting_to_write_ = true;
  sending_.expires_after(kShortagePause);
  sending_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    self->is_waiting_to_write_ = false;
    if (!error) self->flush();
  });
}

void Process::listen() {
  channel_.async_wait(asio::posix::stream_descriptor::wait_read,
                      [self = shared_from_this()](const boost::system::error_code& error) {
                        if (error || self->is_ending_) return;
                        if (!self->read_frames()) return self->end();
                        self->listen();
                      });
}

bool Process::read_frames() {
  for (int i = 0; i < kReadsInARow; ++i) {
    const auto space = reader_.space();
    const ssize_t got = ::recv(channel_.native_handle(), space.data(), space.size(), MSG_DONTWAIT);
    if (got <= 0) return got < 0 && (errno == EAGAIN || errno == EINTR);
    last_heard_ = Steady::now();
    reader_.filled(static_cast<std::size_t>(got));
    Frame frame;
    for (auto next = reader_.next(frame); next != FrameReader::Next::more; next = reader_.next(frame)) {
      if (next == FrameReader::Next::broken) {
        why_killed = "it wrote to the channel what no runner writes";
        return false;
      }
      if (frame.kind != FrameKind::beat && owner_ != nullptr) owner_->process_said(*this, frame);
      if (is_ending_) return true;
    }
    if (static_cast<std::size_t>(got) < space.size()) return true;
  }
  return true;
}

void Process::listen_to_output() {
  output_.async_wait(asio::posix::stream_descriptor::wait_read,
                     [self = shared_from_this()](const boost::system::error_code& error) {
                       if (!error && self->read_output()) self->listen_to_output();
                     });
}

bool Process::read_output() {
  char bytes[16 * 1024];
  const ssize_t got = ::read(output_.native_handle(), bytes, sizeof bytes);
  if (got > 0) lines_.add({bytes, static_cast<std::size_t>(got)}, Steady::now());
  return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

// What it has started may hold its channel open: then no end of that is seen.
void Process::listen_to_death() {
  const int file = static_cast<int>(::syscall(SYS_pidfd_open, process_, 0));
  if (file < 0) return;
  death_file_.assign(file);
  death_file_.async_wait(asio::posix::stream_descriptor::wait_read,
                         [self = shared_from_this()](const boost::system::error_code& error) {
                           if (error || self->is_ending_) return;
                           ::kill(-self->process_, SIGKILL);
                           self->read_rest();
                           self->end();
                         });
}

void Process::kill() {
  if (is_ending_) return;
  is_killed_ = true;
  ::kill(process_, SIGKILL);
  // What it sent before counts. Not from within process_said: the reader is in use there.
  asio::post(channel_.get_executor(), [self = shared_from_this()] {
    if (self->is_ending_) return;
    self->read_rest();
    self->end();
  });
}

void Process::read_rest() {
  pollfd more{channel_.native_handle(), POLLIN, 0};
  for (int i = 0; i < kLastReads && read_frames() && ::poll(&more, 1, 0) > 0; ++i) {
  }
}

void Process::end() {
  if (std::exchange(is_ending_, true)) return;
  channel_.cancel();
  death_file_.cancel();
  sending_.cancel();
  ended_ = Steady::now();
  reap(kFirstLook);
}

void Process::reap(milliseconds pause) {
  // It stays a zombie at first, so that its number is still its group's: what it started goes with it.
  siginfo_t info{};
  const int answer = ::waitid(P_PID, static_cast<id_t>(process_), &info, WEXITED | WNOHANG | WNOWAIT);
  if (answer == 0 && info.si_pid == 0) {
    if (why_killed.empty() && Steady::now() - ended_ > kEndPatience) why_killed = "it closed its channel";
    if (!why_killed.empty()) ::kill(process_, SIGKILL);
    reaping_.expires_after(pause);
    return reaping_.async_wait([self = shared_from_this(), pause](const boost::system::error_code& error) {
      if (!error) self->reap(std::min(pause * 2, kLongestLook));
    });
  }
  ::kill(-process_, SIGKILL);
  int status = 0;
  const pid_t found = ::waitpid(process_, &status, 0);
  is_reaped_ = true;
  for (int i = 0; i < kLastReads && read_output(); ++i) {
  }
  lines_.end(Steady::now());
  output_.cancel();
  death_.status = found > 0 ? status : 0;
  death_.was_killed_by_us = !why_killed.empty();
  death_.ran_out_of_memory = board_.ran_out_of_memory();
  if (owner_ != nullptr) std::exchange(owner_, nullptr)->process_ended(*this);
}

}  // namespace tasker::runner

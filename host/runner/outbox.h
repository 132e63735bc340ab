// The runner's way out: frames of many threads to one socket. Whoever comes first writes, and takes along what the others
// have put down meanwhile, so that a write carries as many frames as there are. [any] thread.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>

namespace tasker::runner {

class Outbox {
 public:
  explicit Outbox(int descriptor) : descriptor_(descriptor) {}

  // `append` puts whole frames at the end of the text. Waits while the host reads too slowly; when there is no host any
  // more, the process ends.
  void send(const std::function<void(std::string&)>& append);
  // Until all that was sent is in the socket: before the process ends, because another thread may have it in hand. Waits as send()
  // does, as long as there is a host, with which the kernel ends this process.
  void flush();

 private:
  static constexpr std::size_t kMost = std::size_t{16} << 20;
  void write_all(const std::string& bytes) const;

  const int descriptor_;
  std::mutex mutex_;  // guards all below
  std::condition_variable drained_;
  std::string waiting_;
  std::string writing_;  // of the thread that set is_writing_
  bool is_writing_ = false;
};

}  // namespace tasker::runner

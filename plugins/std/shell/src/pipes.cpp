#include "pipes.h"

#include <fcntl.h>
#include <tasker/sdk.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

namespace std_shell {

Descriptor& Descriptor::operator=(Descriptor&& from) noexcept {
  if (this != &from) {
    close();
    number_ = from.release();
  }
  return *this;
}

void Descriptor::close() {
  if (number_ >= 0) ::close(release());
}

int Descriptor::release() { return std::exchange(number_, -1); }

Pipe::Pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    throw tasker::RetryableError(std::string("no pipe could be made: ") + std::strerror(errno), std::nullopt, "shell.no_resources");
  read = Descriptor(ends[0]);
  write = Descriptor(ends[1]);
}

void set_nonblocking(const Descriptor& descriptor) {
  ::fcntl(descriptor.number(), F_SETFL, ::fcntl(descriptor.number(), F_GETFL) | O_NONBLOCK);
}

}  // namespace std_shell

#include "runner/child_start.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>

#include "runner/sandbox.h"
#include "runner/spawn.h"

namespace tasker::runner {
namespace {

bool is_stream_socket(int descriptor) {
  int type = 0;
  socklen_t size = sizeof type;
  return ::getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM;
}

}  // namespace

int begin_child(const char* name, std::string_view verb, std::string_view purpose) {
  const int channel = is_stream_socket(kChannelDescriptor) ? ::fcntl(kChannelDescriptor, F_DUPFD_CLOEXEC, kChildDescriptorsFrom) : -1;
  if (channel < 0) {
    std::fprintf(stderr, "tasker: `tasker %.*s` is started by a host, not by hand: it %.*s\n", static_cast<int>(verb.size()), verb.data(),
                 static_cast<int>(purpose.size()), purpose.data());
    return -1;
  }
  ::close(kChannelDescriptor);
  die_with_host();
  go_first_when_memory_is_short();
  ::prctl(PR_SET_NAME, name);  // it was started by way of a link, and would have that one's
  return channel;
}

}  // namespace tasker::runner

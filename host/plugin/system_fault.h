// What an errno says about a file: whether it is gone, and whether the fault may pass by itself. Only "there is no such
// file" proves that it is gone; whatever else fails says nothing about it. [any]
#pragma once

#include <cerrno>
#include <string_view>

#include "base/result.h"

namespace tasker::plugin {

inline bool is_gone(int error) { return error == ENOENT || error == ENOTDIR; }

// Shortages and disks that fail for a while: nobody need touch the file to cure them.
inline Retry retry_of(int error) {
  switch (error) {
    case EAGAIN:
    case EDQUOT:
    case EINTR:
    case EIO:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOSPC:
    case ESTALE:
    case ETIMEDOUT:
      return Retry::later;
    default:
      return Retry::never;
  }
}

// The same from the words of the dynamic loader, which keeps the number to itself and ends with its text.
Retry retry_of_text(std::string_view told);

}  // namespace tasker::plugin

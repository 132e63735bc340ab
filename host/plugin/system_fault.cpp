#include "plugin/system_fault.h"

#include <system_error>

namespace tasker::plugin {

Retry retry_of_text(std::string_view told) {
  for (const int error : {EIO, EMFILE, ENFILE, ENOMEM})
    if (told.find(std::generic_category().message(error)) != std::string_view::npos) return Retry::later;
  return Retry::never;
}

}  // namespace tasker::plugin

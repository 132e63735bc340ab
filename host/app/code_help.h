// `tasker help CODE`, `tasker help codes`, and the page host/ERRORS.md: the guide of base/error_guide.h for people. Pure text.
#pragma once

#include <string>

#include "base/error_codes.h"

namespace tasker::app {

std::string help_on_code(Code code);  // within 80 columns
std::string list_of_codes();          // one a line
std::string page_of_codes();          // Markdown

}  // namespace tasker::app

// The dashboard as a page without scripts. Pure text.
#pragma once

#include <tasker/sdk.h>

#include <string>

namespace customer_analytics {

std::string to_html(const tasker::Json& dashboard);

}  // namespace customer_analytics

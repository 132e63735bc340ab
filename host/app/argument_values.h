// What single words of the command line mean, beyond what the parser sees: names with versions, times. Pure. The errors are usage
// complaints; declared in arguments.h what others need too.
#pragma once

#include <string>

#include "app/arguments.h"

namespace tasker::app {

// "shop/cart@1.0.0": one version, never a range. `timeout` may be empty.
Result<void> name_plugin(const std::string& words, const std::string& timeout, PluginVersionArguments& plugin);
// "shop/cart", whose version stands behind a space.
Result<void> name_plugin(const std::string& words, bool has_version, PluginDefaultArguments& plugin);

}  // namespace tasker::app

// Why a handler that somebody asked for is not there, as far as the list of plugins tells: it is in another namespace,
// or its plugin was refused. Pure text. [any]
#pragma once

#include <string>
#include <string_view>

namespace tasker::engine {

// `plugins`: {"plugins": [...]} as Reader::list_plugins answers. "; ..." to stand behind a sentence, or nothing.
std::string handler_hint(std::string_view plugins, std::string_view namespace_name, std::string_view name);

}  // namespace tasker::engine

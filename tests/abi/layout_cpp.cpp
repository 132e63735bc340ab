// The layout as C++ sees it, both for plugins (noexcept pointers) and for the host (plain ones).
#include "layout.h"

#include <type_traits>

static_assert(std::is_standard_layout_v<tasker_plugin> && std::is_trivially_copyable_v<tasker_plugin>);
static_assert(std::is_standard_layout_v<tasker_call> && std::is_trivially_copyable_v<tasker_call>);
static_assert(std::is_standard_layout_v<tasker_host> && std::is_trivially_copyable_v<tasker_host>);

// Cursors of lists: opaque to clients, made in SQL (tasker.cursor) and read here. A cursor says of which list it is, so that
// one of another list is refused instead of answering a wrong page. [any]
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tasker::http {

// Where the page before ended: "task", "64" out of "dGFzazo2NA". Nothing when it is no cursor of this kind.
std::optional<std::string> place_in_cursor(std::string_view kind, std::string_view cursor);

}  // namespace tasker::http

// The query parameters of a list: filters, limit and cursor, checked, or a refusal that names the parameter. [any]
#pragma once

#include <initializer_list>
#include <optional>
#include <string_view>

#include "engine/ports.h"
#include "http/message.h"
#include "http/query.h"

namespace tasker::http {

// Either the wish or the refusal.
template <class T>
struct ReadQuery {
  T wish{};
  std::optional<Response> refusal;
};

ReadQuery<engine::TaskFilter> read_task_filter(const Target& target);

// Lists of the catalogue: `kind` is the word in their cursors ("plugin").
ReadQuery<engine::Page> read_page(const Target& target, std::string_view kind);

}  // namespace tasker::http

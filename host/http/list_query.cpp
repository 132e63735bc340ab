#include "http/list_query.h"

#include "base/timestamp.h"
#include "base/utf8.h"
#include "http/cursor.h"
#include "http/problem.h"
#include "model/states.h"

namespace tasker::http {
namespace {

constexpr std::int64_t kMaxJsonInteger = (std::int64_t{1} << 53) - 1;
constexpr int kMostTasks = 100;
constexpr int kMostEntries = 1000;
constexpr std::size_t kLongestFilter = 4096;

Response refused(std::string_view parameter, std::string message) {
  return problem_of_parameter(parameter, make_error(Code::request_parameter, std::move(message)));
}

std::string quoted(std::string_view value) { return "'" + std::string(value.substr(0, 40)) + "'"; }

// Takes parameters one by one and keeps the first refusal.
class Parameters {
 public:
  Parameters(const Target& target, std::initializer_list<std::string_view> known) : target_(target) {
    for (std::size_t i = 0; i < target.query.size(); ++i) {
      const std::string& name = target.query[i].first;
      const Target one{.path = {}, .segments = {}, .trailing_slash = false, .query = {target.query[i]}};
      if (auto good = check_parameters(one, known); !good) refuse(name, good.error().message);
      for (std::size_t j = 0; j < i; ++j) {
        if (target.query[j].first == name)
          refuse(name, "The query parameter '" + name + "' comes twice. Send it once.");
      }
    }
  }

  // An empty value means: any.
  std::string text(std::string_view name) {
    const std::string* value = target_.find(name);
    if (value == nullptr) return {};
    if (value->size() > kLongestFilter) refuse(name, "'" + std::string(name) + "' is longer than 4096 bytes.");
    if (!is_utf8(*value)) refuse(name, "'" + std::string(name) + "' is not UTF-8.");
    return *value;
  }

  std::string time(std::string_view name) {
    std::string value = text(name);
    if (!value.empty() && !is_rfc3339(value)) {
      refuse(name, "'" + std::string(name) + "' must be an RFC 3339 time such as 2030-01-31T09:30:00Z, not " +
                       quoted(value) + ". In an address, a plus sign is written %2B.");
    }
    return value;
  }

  std::string status(std::string_view name) {
    std::string value = text(name);
    if (value.empty() || model::task_state_from(value)) return value;
    std::string known;
    for (const auto state : model::kTaskStates)
      known += (known.empty() ? "" : ", ") + std::string(model::state_text(state));
    refuse(name, "'" + std::string(name) + "' must be one of " + known + ", not " + quoted(value) + ".");
    return {};
  }

  int limit(int usual, int most) {
    const std::string* value = target_.find("limit");
    if (value == nullptr) return usual;
    const auto number = parse_number("limit", *value, 1, most);
    if (!number) refuse("limit", number.error().message);
    return number ? static_cast<int>(*number) : usual;
  }

  std::string after(std::string_view kind) {
    const std::string* value = target_.find("after");
    if (value == nullptr) return {};
    if (auto place = place_in_cursor(kind, *value); place && is_utf8(*place)) return std::move(*place);
    refuse_cursor();
    return {};
  }

  void refuse_cursor() {
    refuse("after", "'after' must be what the page before had in 'next', unchanged, not " +
                        quoted(*target_.find("after")) + ".");
  }

  std::optional<Response> refusal() && { return std::move(refusal_); }
  bool good() const { return !refusal_; }

 private:
  void refuse(std::string_view name, std::string message) {
    if (!refusal_) refusal_ = refused(name, std::move(message));
  }

  const Target& target_;
  std::optional<Response> refusal_;
};

}  // namespace

ReadQuery<engine::TaskFilter> read_task_filter(const Target& target) {
  ReadQuery<engine::TaskFilter> out;
  Parameters given(target, {"namespace", "name", "version", "status", "correlation_id", "tag", "initiator", "source_system",
                            "created_after", "created_before", "limit", "after"});
  engine::TaskFilter& filter = out.wish;
  filter.namespace_name = given.text("namespace");
  filter.name = given.text("name");
  filter.version = given.text("version");
  filter.status = given.status("status");
  filter.correlation_id = given.text("correlation_id");
  filter.tag = given.text("tag");
  filter.initiator = given.text("initiator");
  filter.source_system = given.text("source_system");
  filter.created_after = given.time("created_after");
  filter.created_before = given.time("created_before");
  filter.limit = given.limit(filter.limit, kMostTasks);
  if (const std::string place = given.after("task"); !place.empty()) {
    if (const auto id = parse_number("after", place, 1, kMaxJsonInteger)) filter.after = static_cast<TaskId>(*id);
    else given.refuse_cursor();
  }
  out.refusal = std::move(given).refusal();
  return out;
}

ReadQuery<engine::Page> read_page(const Target& target, std::string_view kind) {
  ReadQuery<engine::Page> out;
  Parameters given(target, {"limit", "after"});
  out.wish.limit = given.limit(kMostEntries, kMostEntries);
  out.wish.after = given.after(kind);
  if (kind == "plugin" && !out.wish.after.empty() && !parse_number("after", out.wish.after, 1, INT32_MAX))
    given.refuse_cursor();
  out.refusal = std::move(given).refusal();
  return out;
}

}  // namespace tasker::http

#include "http/task_body.h"

#include <charconv>
#include <string>

#include "base/timestamp.h"
#include "http/json_cursor.h"

namespace tasker::http {
namespace {

using Kind = JsonKind;

constexpr std::size_t kMaxTextField = 4096;
constexpr std::size_t kMaxTags = 1000;

enum Field : unsigned {
  kName,
  kNamespace,
  kNamespaceName,
  kVersion,
  kContext,
  kInitiator,
  kSourceSystem,
  kReason,
  kTags,
  kPriority,
  kStartAt,
  kBypassSteps,
  kDeadline,
  kSetByHost,
  kUnknown,
};

constexpr std::pair<std::string_view, Field> kFields[] = {
    {"name", kName},
    {"namespace", kNamespace},
    {"namespace_name", kNamespaceName},
    {"version", kVersion},
    {"context", kContext},
    {"initiator", kInitiator},
    {"source_system", kSourceSystem},
    {"reason", kReason},
    {"tags", kTags},
    {"priority", kPriority},
    {"start_at", kStartAt},
    {"bypass_steps", kBypassSteps},
    {"deadline", kDeadline},
    {"status", kSetByHost},
    {"complete", kSetByHost},
    {"task_id", kSetByHost},
    {"requested_at", kSetByHost},
};

Field field_of(std::string_view key) {
  for (const auto& [name, field] : kFields) {
    if (name == key) return field;
  }
  return kUnknown;
}

std::string pointer_to(std::string_view key) {
  std::string out = "/";
  for (char c : key.substr(0, 200)) {
    if (c == '~')
      out += "~0";
    else if (c == '/')
      out += "~1";
    else
      out += c;
  }
  return out;
}

// Reads one task, field by field; what is wrong is gathered, so that one answer names everything.
class TaskReader {
 public:
  TaskReader(JsonCursor& json, TaskBody& out, std::size_t index) : json_(json), out_(out), index_(index) {}

  // In front of a value that should be a task, in the flat or the nested form.
  void read() {
    if (json_.kind() != Kind::object) {
      json_.value();
      report(Code::invalid_argument, "", "A task must be an object such as {\"name\": \"order_process\"}.");
      return;
    }
    json_.enter();
    bool nested = false;
    for (bool first = true; json_.next_member(key_); first = false) {
      if (first && key_ == "task" && json_.kind() == Kind::object) {
        nested = true;
        json_.enter();
        while (json_.next_member(key_)) read_field();
      } else if (nested) {
        json_.value();
        report(
            Code::request_unknown_field, pointer_to(key_),
            "'" + key_.substr(0, 80) + "' stands beside 'task'. Move it into 'task', or leave 'task' out.");
      } else {
        read_field();
      }
    }
    finish();
  }

 private:
  void report(Code code, std::string pointer, std::string message) {
    out_.problems.push_back({index_, code, std::move(pointer), std::move(message)});
  }

  void read_field() {
    const Field field = field_of(key_);
    if (field < kSetByHost) {
      if (seen_ & (1U << field)) {
        json_.value();
        report(Code::request_duplicate_key, pointer_to(key_), "'" + key_ + "' comes twice. Send it once.");
        return;
      }
      seen_ |= 1U << field;
    }
    switch (field) {
      case kName:
        return read_text(task_.name);
      case kNamespace:
        return read_text(namespace_);
      case kNamespaceName:
        return read_text(namespace_name_);
      case kVersion:
        return read_text(task_.version);
      case kContext:
        return read_context();
      case kInitiator:
        return read_text(task_.initiator);
      case kSourceSystem:
        return read_text(task_.source_system);
      case kReason:
        return read_text(task_.reason);
      case kTags:
        return read_tags();
      case kPriority:
        return read_priority();
      case kStartAt:
        return read_start_at();
      case kBypassSteps:
        return refuse_later_unless_empty();
      case kDeadline:
        return refuse_later_unless_empty();
      case kSetByHost:
        return refuse_set_by_host();
      case kUnknown:
        return refuse_unknown();
    }
  }

  bool is_null() {
    if (json_.kind() != Kind::null) return false;
    json_.value();
    return true;
  }

  void wrong_type(const char* expected) {
    json_.value();
    report(Code::invalid_argument, pointer_to(key_), "'" + key_ + "' must be " + expected + ".");
  }

  void read_text(std::string& out) {
    if (is_null()) return;
    if (json_.kind() != Kind::string) return wrong_type("a string");
    std::string text = decode_string(json_.value());
    if (text.size() > kMaxTextField) {
      return report(Code::too_large, pointer_to(key_),
                    "'" + key_ + "' is longer than 4096 bytes. Shorten it.");
    }
    out = std::move(text);
  }

  void read_context() {
    if (is_null()) return;
    if (json_.kind() != Kind::object) return wrong_type("an object");
    task_.context = json_.value();
  }

  void read_tags() {
    if (is_null()) return;
    if (json_.kind() != Kind::array) return wrong_type("an array of strings");
    json_.enter();
    std::string tags = "[";
    std::size_t count = 0;
    bool good = true;
    while (json_.next_element()) {
      good = json_.kind() == Kind::string && good;
      const std::string_view tag = json_.value();
      if (++count > kMaxTags || !good) continue;
      if (tags.size() > 1) tags += ',';
      tags += tag;
    }
    if (!good || count > kMaxTags) {
      return report(Code::invalid_argument, "/tags", "'tags' must be an array of at most 1,000 strings.");
    }
    task_.tags = tags + "]";
  }

  void read_priority() {
    if (is_null()) return;
    if (json_.kind() != Kind::number) return wrong_type("a whole number from 0 (most urgent) to 9");
    const std::string_view text = json_.value();
    if (text.size() != 1) {
      return report(Code::invalid_argument, "/priority",
                    "'priority' must be a whole number from 0 (most urgent) to 9, not " +
                        std::string(text.substr(0, 40)) + ".");
    }
    task_.priority = text[0] - '0';
  }

  void read_start_at() {
    if (is_null()) return;
    if (json_.kind() != Kind::string) return wrong_type("an RFC 3339 time in a string");
    std::string text = decode_string(json_.value());
    if (!is_rfc3339(text)) {
      return report(Code::invalid_argument, "/start_at",
                    "'start_at' must be an RFC 3339 time such as \"2030-01-31T09:30:00Z\".");
    }
    task_.start_at = std::move(text);
  }

  // What the predecessor's clients may send as a default is let pass; what would ask for an effect is
  // refused.
  void refuse_later_unless_empty() {
    const std::string_view text = json_.value();
    if (text == "null" || text == "[]") return;
    report(Code::request_unsupported, pointer_to(key_),
           "'" + key_ + "' is not supported yet. Leave it out: it would have no effect.");
  }

  void refuse_set_by_host() {
    json_.value();
    report(Code::request_unknown_field, pointer_to(key_), "'" + key_ + "' is set by the host. Leave it out.");
  }

  void refuse_unknown() {
    json_.value();
    report(
        Code::request_unknown_field, pointer_to(key_),
        "'" + key_.substr(0, 80) +
            "' is not a field of a task. Known: name, namespace, version, context, initiator, source_system, "
            "reason, tags, priority, start_at.");
  }

  void finish() {
    if (!namespace_.empty() && !namespace_name_.empty() && namespace_ != namespace_name_) {
      report(Code::invalid_argument, "/namespace_name",
             "'namespace' and 'namespace_name' differ. They mean the same: send one.");
    }
    if (!namespace_.empty())
      task_.namespace_name = std::move(namespace_);
    else if (!namespace_name_.empty())
      task_.namespace_name = std::move(namespace_name_);
    if (task_.name.empty()) {
      report(Code::request_missing, "/name", "A task needs a 'name': the name of the workflow to run.");
    }
    out_.tasks.push_back(std::move(task_));
  }

  JsonCursor& json_;
  TaskBody& out_;
  const std::size_t index_;
  engine::TaskRequest task_;
  std::string namespace_;
  std::string namespace_name_;
  std::string key_;
  unsigned seen_ = 0;
};

Result<void> check_body(std::string_view body) {
  if (body.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    return make_error(Code::invalid_json,
                      "The request has no body. Send an object such as {\"name\": \"order_process\"}.");
  }
  auto checked = check_json(body);
  if (!checked) return checked.error();
  return {};
}

Error bad_bulk(std::string message) {
  return make_error(Code::invalid_argument, std::move(message));
}

// Returns how many there are. Past the limit the rest is only checked as JSON.
std::size_t read_tasks(JsonCursor& json, TaskBody& out) {
  std::size_t count = 0;
  for (json.enter(); json.next_element(); ++count) {
    if (count < kMaxBulkTasks) {
      TaskReader(json, out, count).read();
    } else {
      json.value();
    }
  }
  return count;
}

}  // namespace

Result<TaskBody> parse_task(std::string_view body) {
  if (auto checked = check_body(body); !checked) return checked.error();
  TaskBody out;
  JsonCursor json(body);
  TaskReader(json, out, 0).read();
  return out;
}

Result<TaskBody> parse_bulk(std::string_view body) {
  if (auto checked = check_body(body); !checked) return checked.error();
  JsonCursor json(body);
  if (json.kind() != JsonKind::object) return bad_bulk("The body must be an object: {\"tasks\": [...]}.");
  TaskBody out;
  std::string key;
  std::size_t count = 0;
  bool found = false;
  for (json.enter(); json.next_member(key);) {
    if (key != "tasks" || found || json.kind() != JsonKind::array) {
      return bad_bulk("The body must be {\"tasks\": [...]} and nothing else; see '" + key.substr(0, 80) +
                      "'.");
    }
    found = true;
    count = read_tasks(json, out);
  }
  if (count == 0) return bad_bulk("'tasks' is missing or empty. Send between 1 and 1,000 tasks.");
  if (count > kMaxBulkTasks) {
    return make_error(Code::too_large, "A bulk request takes at most 1,000 tasks, not " +
                                           std::to_string(count) + ". Send the rest in another one.");
  }
  return out;
}

}  // namespace tasker::http

#include "http/routes.h"

#include <algorithm>
#include <chrono>
#include <random>

#include <spdlog/fmt/fmt.h>

#include "base/sha256.h"
#include "base/timestamp.h"
#include "http/default_body.h"
#include "http/reason_body.h"
#include "http/list_query.h"
#include "http/page.h"
#include "http/prefer.h"
#include "http/problem.h"
#include "http/query.h"
#include "http/task_body.h"
#include "http/trace_context.h"

namespace tasker::http {
namespace {

constexpr std::int64_t kMaxJsonInteger = (std::int64_t{1} << 53) - 1;
constexpr std::size_t kMaxCorrelationId = 128;
constexpr std::size_t kMaxIdempotencyKey = 255;

enum class Endpoint {
  unknown,
  root,
  page,
  page_slash,
  style,
  script,
  tasks,
  bulk,
  task,
  namespaces,
  handlers,
  handler,
  plugins,
  plugin,
  plugin_retire,
  plugin_resume,
  plugin_retry,
  plugin_default,
  metrics,
  live,
  ready
};

const char* allowed_methods(Endpoint endpoint) {
  switch (endpoint) {
    case Endpoint::tasks:
      return "GET, HEAD, POST";
    case Endpoint::plugin_default:
      return "GET, HEAD, PUT, DELETE";
    case Endpoint::bulk:
    case Endpoint::plugin_retire:
    case Endpoint::plugin_resume:
    case Endpoint::plugin_retry:
      return "POST";
    default:
      return "GET, HEAD";
  }
}

bool is_allowed(std::string_view method, Endpoint endpoint) {
  const std::string allowed = std::string(", ") + allowed_methods(endpoint) + ", ";
  return !method.empty() && allowed.find(", " + std::string(method) + ", ") != std::string::npos;
}

Response json(int status, std::string body) {
  Response response;
  response.status = status;
  response.body = std::move(body);
  if (!response.body.ends_with('\n')) response.body += '\n';  // for who reads it in a terminal
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

engine::Reply<std::string> pass_through(Respond respond) {
  return [respond = std::move(respond)](Result<std::string> answer) {
    respond(answer ? json(200, std::move(*answer)) : problem(answer.error()));
  };
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

bool is_json_type(std::string_view content_type) {
  std::string type = lower(content_type.substr(0, content_type.find(';')));
  while (!type.empty() && type.back() == ' ') type.pop_back();
  return type.empty() || type == "application/json" ||
         (type.starts_with("application/") && type.ends_with("+json"));
}

// One printable word: what may stand in a log line and in a header.
bool is_word(std::string_view text, std::size_t longest) {
  return !text.empty() && text.size() <= longest &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7F; });
}

std::string new_correlation_id() {
  thread_local std::mt19937_64 random{(std::uint64_t{std::random_device{}()} << 32) ^ std::random_device{}()};
  return fmt::format("{:016x}{:016x}", random(), random());
}

std::string task_ids_json(const std::vector<TaskId>& tasks) {
  std::string out = "{\"task_ids\":[";
  for (TaskId task : tasks) {
    if (out.back() != '[') out += ',';
    out += std::to_string(raw(task));
  }
  return out + "]}";
}

}  // namespace

bool is_local_name(std::string_view host) {
  if (host.starts_with('[')) return host.starts_with("[::1]");
  const std::string name = lower(host.substr(0, host.find(':')));
  if (name == "localhost" || name.ends_with(".localhost")) return true;
  // Only digits and dots behind 127: "127.evil.example" is a name that anybody may register.
  return name.starts_with("127.") && name.find_first_not_of("0123456789.") == std::string::npos;
}

class Routes::Impl {
 public:
  Impl(engine::Api& api, RouteOptions options)
      : api_(api),
        options_(std::move(options)),
        page_("text/html; charset=utf-8", mounted_html(options_.mount)),
        style_("text/css; charset=utf-8", std::string(page_css())),
        script_("text/javascript; charset=utf-8", std::string(page_js())) {
    const std::size_t slashes = std::count(options_.mount.begin(), options_.mount.end(), '/');
    mount_depth_ = slashes;
  }

  void handle(Request request, Respond respond) {
    if (request.correlation_id.empty()) {
      request.correlation_id = new_correlation_id();
    } else if (!is_word(request.correlation_id, kMaxCorrelationId)) {
      return respond(problem_of_header(
          "X-Correlation-ID",
          make_error(Code::request_header,
                     "X-Correlation-ID must be 1 to 128 printable characters without spaces.")));
    }
    // The standard has it so: what cannot be read is as if it were not there.
    if (!is_traceparent(request.traceparent)) request.traceparent.clear();
    respond = [respond = std::move(respond), id = request.correlation_id,
               trace = request.traceparent](Response response) {
      response.headers.emplace_back("X-Correlation-ID", id);
      if (!trace.empty()) response.headers.emplace_back("traceparent", trace);
      respond(std::move(response));
    };
    if (auto allowed = check_sender(request); !allowed) return respond(problem(allowed.error()));
    auto target = parse_target(request.target);
    if (!target) return respond(problem(target.error()));
    dispatch(std::move(request), *target, std::move(respond));
  }

 private:
  Result<void> check_sender(const Request& request) const {
    if (!options_.local_names_only) return {};
    if (!request.host.empty() && !is_local_name(request.host)) {
      return make_error(Code::http_host_refused,
                        "The request names the host '" + request.host.substr(0, 80) +
                            "'. Only localhost, 127.0.0.1 and [::1] are served until authentication exists.");
    }
    const bool reads = request.method == "GET" || request.method == "HEAD";
    if (!reads && !request.origin.empty() && request.origin != "http://" + request.host) {
      return make_error(Code::http_origin_refused,
                        "A page of '" + request.origin.substr(0, 80) +
                            "' tried to post here. Only this server's own pages may.");
    }
    return {};
  }

  Endpoint find_endpoint(const Target& target) const {
    if (target.segments.empty()) return options_.mount.empty() ? Endpoint::page : Endpoint::root;
    if (!options_.mount.empty() && target.path != options_.mount &&
        !target.path.starts_with(options_.mount + "/")) {
      return Endpoint::unknown;
    }
    const auto part = [&](std::size_t i) -> std::string_view { return target.segments[mount_depth_ + i]; };
    switch (target.segments.size() - mount_depth_) {
      case 0:
        return target.trailing_slash ? Endpoint::page_slash : Endpoint::page;
      case 1:
        if (part(0) == "tasks") return Endpoint::tasks;
        if (part(0) == "handlers") return Endpoint::namespaces;
        if (part(0) == "plugins") return Endpoint::plugins;
        if (part(0) == "metrics") return Endpoint::metrics;
        if (part(0) == "page.css") return Endpoint::style;
        return part(0) == "page.js" ? Endpoint::script : Endpoint::unknown;
      case 2:
        if (part(0) == "tasks") return part(1) == "bulk" ? Endpoint::bulk : Endpoint::task;
        if (part(0) == "handlers") return Endpoint::handlers;
        if (part(0) != "health") return Endpoint::unknown;
        return part(1) == "live" ? Endpoint::live : part(1) == "ready" ? Endpoint::ready : Endpoint::unknown;
      case 3:
        return part(0) == "handlers" ? Endpoint::handler : Endpoint::unknown;
      case 4:
        if (part(0) != "plugins") return Endpoint::unknown;
        return part(3) == "default" ? Endpoint::plugin_default : Endpoint::plugin;
      case 5:
        if (part(0) != "plugins") return Endpoint::unknown;
        return part(4) == "retire"   ? Endpoint::plugin_retire
               : part(4) == "resume" ? Endpoint::plugin_resume
               : part(4) == "retry"  ? Endpoint::plugin_retry
                                     : Endpoint::unknown;
      default:
        return Endpoint::unknown;
    }
  }

  void dispatch(Request request, const Target& target, Respond respond) {
    const Endpoint endpoint = find_endpoint(target);
    if (endpoint == Endpoint::unknown) return respond(unknown_path(target));
    if (!is_allowed(request.method, endpoint)) return respond(wrong_method(request, endpoint));
    if (endpoint >= Endpoint::plugin && endpoint <= Endpoint::plugin_default)
      return plugin(endpoint, std::move(request), target, std::move(respond));
    if (request.method == "POST") return submit(std::move(request), target, endpoint == Endpoint::bulk, std::move(respond));
    switch (endpoint) {
      case Endpoint::root:
      case Endpoint::page_slash:
        return respond(redirect_to_page());
      case Endpoint::page:
        return respond(page_.answer(request));
      case Endpoint::style:
        return respond(style_.answer(request));
      case Endpoint::script:
        return respond(script_.answer(request));
      case Endpoint::tasks:
        return list_tasks(target, std::move(respond));
      case Endpoint::task:
        return get_task(request, target, std::move(respond));
      case Endpoint::handler:
        return get_handler(target, std::move(respond));
      case Endpoint::namespaces:
      case Endpoint::handlers:
      case Endpoint::plugins:
        return list_catalogue(endpoint, target, std::move(respond));
      default:
        break;
    }
    if (auto good = check_parameters(target, {}); !good) return respond(problem(good.error()));
    if (endpoint == Endpoint::metrics) return metrics(std::move(respond));
    endpoint == Endpoint::ready ? ready(std::move(respond)) : respond(live());
  }

  void metrics(Respond respond) {
    api_.metrics([respond = std::move(respond)](Result<std::string> answer) {
      if (!answer) return respond(problem(answer.error()));
      Response response = json(200, std::move(*answer));
      response.content_type = "text/plain; version=0.0.4; charset=utf-8";
      respond(std::move(response));
    });
  }

  void list_catalogue(Endpoint endpoint, const Target& target, Respond respond) {
    auto page = read_page(target, endpoint == Endpoint::plugins    ? "plugin"
                                  : endpoint == Endpoint::handlers ? "handler"
                                                                   : "namespace");
    if (page.refusal) return respond(std::move(*page.refusal));
    if (endpoint == Endpoint::plugins)
      return api_.list_plugins(std::move(page.wish), pass_through(std::move(respond)));
    if (endpoint == Endpoint::namespaces)
      return api_.list_namespaces(std::move(page.wish), pass_through(std::move(respond)));
    api_.list_handlers(target.segments.back(), std::move(page.wish), pass_through(std::move(respond)));
  }

  void plugin(Endpoint endpoint, Request request, const Target& target, Respond respond) {
    if (auto good = check_parameters(target, {}); !good) return respond(problem(good.error()));
    const auto part = [&](std::size_t i) { return target.segments[mount_depth_ + i]; };
    engine::PluginName named{part(1), part(2), endpoint == Endpoint::plugin_default ? "" : part(3)};
    auto answer = pass_through(std::move(respond));
    if (endpoint == Endpoint::plugin_retire) return api_.retire_plugin(std::move(named), std::move(answer));
    if (endpoint == Endpoint::plugin_resume) return api_.resume_plugin(std::move(named), std::move(answer));
    if (endpoint == Endpoint::plugin_retry) {
      auto reason = request.body.empty() || is_json_type(request.content_type) ? parse_reason(request.body) : Result<std::string>(not_json(request));
      return reason ? api_.retry_plugin(std::move(named), std::move(*reason), std::move(answer)) : answer(reason.error());
    }
    if (endpoint == Endpoint::plugin) return api_.show_plugin(std::move(named), std::move(answer));
    if (request.method == "DELETE") return api_.pin_default(std::move(named), std::move(answer));
    if (request.method != "PUT") return api_.show_default(named.namespace_name, named.name, std::move(answer));
    auto version = is_json_type(request.content_type) ? parse_default(request.body) : Result<std::string>(not_json(request));
    if (!version) return answer(version.error());
    named.version = std::move(*version);
    api_.pin_default(std::move(named), std::move(answer));
  }

  static Error not_json(const Request& request) {
    return make_error(Code::http_media_type, "The body is of type '" + request.content_type.substr(0, 80) +
                                                 "'. Send JSON with Content-Type: application/json.");
  }

  Response unknown_path(const Target& target) const {
    return problem(make_error(Code::http_path_unknown, "There is nothing at '" + target.path.substr(0, 200) +
                                                           "'. The paths are under '" + options_.mount +
                                                           "': tasks, handlers, plugins, metrics, health/live, health/ready."));
  }

  static Response wrong_method(const Request& request, Endpoint endpoint) {
    const std::string allowed = allowed_methods(endpoint);
    Response response =
        problem(make_error(Code::http_method, request.method.substr(0, 20) +
                                                  " is not answered here. Allowed: " + allowed + "."));
    response.headers.emplace_back("Allow", allowed);
    return response;
  }

  Response redirect_to_page() const {
    Response response;
    response.status = 302;
    response.content_type = "text/plain; charset=utf-8";
    response.headers.emplace_back("Location", options_.mount.empty() ? "/" : options_.mount);
    return response;
  }

  void submit(Request request, const Target& target, bool bulk, Respond respond) {
    if (!is_json_type(request.content_type)) {
      return respond(problem(not_json(request)));
    }
    if (auto good = check_parameters(target, {}); !good) return respond(problem(good.error()));
    auto body = bulk ? parse_bulk(request.body) : parse_task(request.body);
    if (!body) return respond(problem(body.error()));
    if (!body->problems.empty()) return respond(problems_of_tasks(body->problems, bulk));
    for (auto& task : body->tasks) {
      task.correlation_id = request.correlation_id;
      task.traceparent = request.traceparent;
    }
    auto key = idempotency_key(request, bulk);
    if (!key) return respond(problem_of_header("Idempotency-Key", key.error()));
    const Preferences wishes = bulk ? Preferences{} : read_preferences(request.prefer);
    api_.submit(std::move(body->tasks), std::move(*key),
                [this, bulk, wishes, respond = std::move(respond)](Result<engine::SubmitResult> result) {
                  if (!result) return respond(problem(result.error()));
                  if (!result->problems.empty() || result->tasks.empty()) {
                    return respond(problems_of_tasks(result->problems, bulk));
                  }
                  const Respond answer = result->replayed ? as_replay(respond) : respond;
                  if (bulk) return answer(json(201, task_ids_json(result->tasks)));
                  created(result->tasks.front(), wishes, answer);
                });
  }

  // The digest tells a repetition from another request under the same key: all that the body says, byte by byte.
  Result<engine::IdempotencyKey> idempotency_key(const Request& request, bool bulk) const {
    engine::IdempotencyKey key;
    if (!request.idempotency_key) return key;
    if (!is_word(*request.idempotency_key, kMaxIdempotencyKey)) {
      return make_error(Code::request_header,
                        request.idempotency_key->empty()
                            ? "Idempotency-Key is empty; send a key of 1 to 255 characters, or leave the header out."
                            : "Idempotency-Key must be 1 to 255 printable characters without spaces.");
    }
    key.key = *request.idempotency_key;
    key.digest = sha256_hex((bulk ? "bulk\n" : "task\n") + request.body);
    key.life = options_.idempotency_life;
    return key;
  }

  static Respond as_replay(Respond respond) {
    return [respond = std::move(respond)](Response response) {
      if (response.status == 201) response.status = 200;
      response.headers.emplace_back("Idempotent-Replayed", "true");
      respond(std::move(response));
    };
  }

  static Respond with_preference(std::string applied, Respond respond) {
    return [applied = std::move(applied), respond = std::move(respond)](Response response) {
      response.headers.emplace_back("Preference-Applied", applied);
      respond(std::move(response));
    };
  }
  static Respond with_wait(std::chrono::seconds wait, Respond respond) {
    if (wait.count() == 0) return respond;
    return with_preference("wait=" + std::to_string(wait.count()), std::move(respond));
  }

  // The task exists whatever the read says: a failed read shortens the answer, it does not make it an error.
  void created(TaskId task, const Preferences& wishes, const Respond& answer_with) {
    const Respond respond = wishes.minimal ? with_preference("return=minimal", answer_with)
                                           : with_wait(wishes.wait, answer_with);
    const std::string id = std::to_string(raw(task));
    auto answer = [id, respond, location = options_.mount + "/tasks/" + id](Result<std::string> shown) {
      std::string body = "{\"task_id\":" + id;
      const bool whole = shown && shown->size() > 2 && shown->front() == '{';
      body += whole ? "," + shown->substr(1) : "}";
      Response response = json(201, std::move(body));
      response.headers.emplace_back("Location", location);
      respond(std::move(response));
    };
    if (wishes.minimal) return answer(std::string());
    api_.get_task(task, wishes.wait, std::move(answer));
  }

  void list_tasks(const Target& target, Respond respond) {
    auto filter = read_task_filter(target);
    if (filter.refusal) return respond(std::move(*filter.refusal));
    api_.list_tasks(std::move(filter.wish), pass_through(std::move(respond)));
  }

  void get_task(const Request& request, const Target& target, Respond respond) {
    if (auto good = check_parameters(target, {}); !good) return respond(problem(good.error()));
    auto id = parse_number("task_id", target.segments.back(), 1, kMaxJsonInteger);
    if (!id) return respond(problem(id.error()));
    const std::chrono::seconds wait = read_preferences(request.prefer).wait;
    api_.get_task(static_cast<TaskId>(*id), wait, pass_through(with_wait(wait, std::move(respond))));
  }

  void get_handler(const Target& target, Respond respond) {
    if (auto good = check_parameters(target, {"version"}); !good) return respond(problem(good.error()));
    const std::string* version = target.find("version");
    api_.get_handler(target.segments[mount_depth_ + 1], target.segments[mount_depth_ + 2],
                     version ? *version : std::string(), pass_through(std::move(respond)));
  }

  static Response live() {
    return json(200, "{\"alive\":true,\"timestamp\":\"" + rfc3339(std::chrono::system_clock::now()) +
                         "\",\"service\":\"tasker\"}");
  }

  // The body says what is amiss either way; only a service that cannot even say so answers with a problem.
  void ready(Respond respond) {
    api_.health([respond = std::move(respond)](Result<engine::Health> answer) {
      if (answer) return respond(json(answer->ready ? 200 : 503, std::move(answer->body)));
      Response response = problem(answer.error(), 503);
      response.body.insert(1, "\"ready\":false,");
      respond(std::move(response));
    });
  }

  engine::Api& api_;
  const RouteOptions options_;
  const PageFile page_;
  const PageFile style_;
  const PageFile script_;
  std::size_t mount_depth_ = 1;
};

Routes::Routes(engine::Api& api, RouteOptions options)
    : impl_(std::make_unique<Impl>(api, std::move(options))) {}
Routes::~Routes() = default;
void Routes::handle(Request request, Respond respond) {
  impl_->handle(std::move(request), std::move(respond));
}

}  // namespace tasker::http

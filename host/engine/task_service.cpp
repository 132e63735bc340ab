#include "engine/task_service.h"

#include <fmt/chrono.h>

#include <map>
#include <optional>

#include "base/json.h"
#include "base/json_schema.h"
#include "base/semver.h"
#include "engine/handler_hint.h"

namespace tasker::engine {

namespace {

// The newest version that the range allows, among those that some living host has loaded.
Result<ResolvedTemplate> choose(const std::vector<HandlerVersion>& versions, const std::string& namespace_name,
                                const std::string& name, const std::string& wanted) {
  std::optional<VersionRange> range;
  const auto pinned = std::find_if(versions.begin(), versions.end(), [](const HandlerVersion& each) { return each.is_default; });
  if (!wanted.empty()) {
    auto parsed = VersionRange::parse(wanted);
    if (!parsed.has_value()) return parsed.error();
    range = std::move(parsed.value());
  }
  // A client that names one version means that one; in a range the pinned default comes before newer versions, and no other comes
  // in its place.
  if (pinned != versions.end() && !Semver::parse(wanted).has_value() &&
      (!range || range->matches(Semver::parse(pinned->version).value()))) {
    if (pinned->available) return ResolvedTemplate{pinned->template_id, pinned->version, pinned->context_schema};
    return make_error(Code::default_unavailable,
                      fmt::format("{}/{}: no living host takes new tasks for the pinned default {}, and no other version is taken in "
                                  "its place", namespace_name, name, pinned->version));
  }
  const HandlerVersion* best = nullptr;
  std::optional<Semver> best_version;
  for (const HandlerVersion& candidate : versions) {
    auto version = Semver::parse(candidate.version);
    if (!version.has_value() || !candidate.available) continue;
    if (range ? !range->matches(version.value()) : !version->is_stable()) continue;
    if (best != nullptr && version.value() < *best_version) continue;
    best = &candidate;
    best_version = std::move(version.value());
  }
  if (best != nullptr) return ResolvedTemplate{best->template_id, best->version, best->context_schema};
  if (versions.empty()) {
    return make_error(Code::unknown_handler, fmt::format("no handler {}/{} is known; `tasker plugin list` shows what "
                                                         "is there", namespace_name, name));
  }
  std::string offered;  // a draining version is loaded, but takes no new tasks
  for (const HandlerVersion& each : versions)
    if (each.available) offered += (offered.empty() ? "; offered: " : ", ") + each.version;
  const std::string what = wanted.empty() ? fmt::format("a stable version of {}/{}", namespace_name, name)
                                          : fmt::format("{}/{} in version '{}'", namespace_name, name, wanted);
  return make_error(Code::version_unknown, fmt::format("no living host offers {}{}", what, offered));
}

Result<std::string> known_or(Result<std::string> answer, Code code, std::string message) {
  if (answer.has_value() && (answer->empty() || *answer == "null")) return make_error(code, std::move(message));
  return answer;
}

}  // namespace

struct TaskService::Submission {
  std::vector<TaskRequest> requests;
  std::vector<std::optional<ResolvedTemplate>> found;  // by request
  std::vector<Problem> problems;
  IdempotencyKey key;
  Reply<SubmitResult> reply;
};

TaskService::TaskService(Engine& engine, Reader& reader, Operators& operators, TaskWaits& waits, const TemplateResolver& resolver,
                         Folder folder, WriteMetrics write_metrics)
    : engine_(engine), reader_(reader), operators_(operators), waits_(waits), resolver_(resolver), folder_(std::move(folder)),
      write_metrics_(std::move(write_metrics)) {}

TaskService::~TaskService() = default;

// What was created under a key stays the answer to it, also when the same request could not be accepted any more: the
// plugin may have been removed meanwhile.
Reply<SubmitResult> TaskService::unless_done_before(IdempotencyKey key, Reply<SubmitResult> reply) {
  return [this, key = std::move(key), reply = std::move(reply)](Result<SubmitResult> result) {
    if (!result.has_value() || result->problems.empty()) return reply(std::move(result));
    reader_.find_key(key, [result = std::move(result), reply](Result<std::vector<TaskId>> found) {
      if (!found.has_value() && found.error().code == Code::idempotency_key_reused) return reply(found.error());
      if (!found.has_value() || found->empty()) return reply(result);
      reply(SubmitResult{std::move(*found), {}, true});
    });
  };
}

void TaskService::submit(std::vector<TaskRequest> tasks, IdempotencyKey key, Reply<SubmitResult> reply) {
  auto submission = std::make_shared<Submission>();
  submission->found.resize(tasks.size());
  submission->reply = key.key.empty() ? std::move(reply) : unless_done_before(key, std::move(reply));
  submission->key = std::move(key);
  // A bulk request nearly always names one handler: ask once a run.
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    const TaskRequest& task = tasks[i];
    if (i > 0 && task.name == tasks[i - 1].name && task.namespace_name == tasks[i - 1].namespace_name &&
        task.version == tasks[i - 1].version) {
      submission->found[i] = submission->found[i - 1];
      continue;
    }
    auto found = resolver_.resolve(task.namespace_name, task.name, task.version);
    if (found.has_value()) submission->found[i] = std::move(found.value());
  }
  submission->requests = std::move(tasks);
  resolve_elsewhere(std::move(submission));
}

void TaskService::resolve_elsewhere(std::shared_ptr<Submission> submission) {
  const auto& requests = submission->requests;
  std::size_t missing = 0;
  while (missing < requests.size() && submission->found[missing]) ++missing;
  if (missing == requests.size() || !submission->problems.empty()) return check_and_create(std::move(submission));

  const std::string namespace_name = requests[missing].namespace_name;
  const std::string name = requests[missing].name;
  reader_.handler_versions(namespace_name, name, [this, submission, namespace_name, name](
                                                     Result<std::vector<HandlerVersion>> versions) {
    if (!versions.has_value()) return submission->reply(versions.error());
    const std::size_t known_problems = submission->problems.size();
    for (std::size_t i = 0; i < submission->requests.size(); ++i) {
      const TaskRequest& task = submission->requests[i];
      if (submission->found[i] || task.name != name || task.namespace_name != namespace_name) continue;
      auto chosen = choose(versions.value(), namespace_name, name, task.version);
      if (chosen.has_value()) {
        submission->found[i] = std::move(chosen.value());
      } else {
        submission->problems.push_back({i, chosen.error().code, chosen.error().code == Code::unknown_handler ? "/name" : "/version",
                                        chosen.error().message});
      }
    }
    if (submission->problems.size() == known_problems) return resolve_elsewhere(submission);
    // Only a request that fails pays for this second look.
    list_plugins({}, [this, submission, namespace_name, name, known_problems](Result<std::string> plugins) {
      const auto hint = plugins.has_value() ? handler_hint(*plugins, namespace_name, name) : std::string();
      for (std::size_t i = known_problems; i < submission->problems.size(); ++i) submission->problems[i].message += hint;
      resolve_elsewhere(submission);
    });
  });
}

Result<std::shared_ptr<const JsonSchema>> TaskService::schema_of(const ResolvedTemplate& found) {
  if (found.context_schema.empty() || found.context_schema == "null") return std::shared_ptr<const JsonSchema>();
  {
    const std::lock_guard lock(mutex_);
    const auto known = schemas_.find(found.template_id);
    if (known != schemas_.end()) return known->second;
  }
  auto compiled = JsonSchema::compile(found.context_schema);
  if (!compiled.has_value()) return compiled.error();
  auto schema = std::make_shared<const JsonSchema>(std::move(compiled.value()));
  const std::lock_guard lock(mutex_);
  return schemas_.try_emplace(found.template_id, std::move(schema)).first->second;
}

void TaskService::check_and_create(std::shared_ptr<Submission> submission) {
  auto& requests = submission->requests;
  auto& problems = submission->problems;
  std::vector<NewTask> tasks;
  tasks.reserve(requests.size());
  for (std::size_t i = 0; i < requests.size(); ++i) {
    if (!submission->found[i]) continue;  // already a problem
    auto schema = schema_of(*submission->found[i]);
    if (!schema.has_value()) return submission->reply(schema.error());
    TaskRequest& request = requests[i];
    if (schema.value() != nullptr) {
      // Defaults first: a member that has one is there for `required` too.
      request.context = schema.value()->apply_defaults(request.context);
      for (JsonSchema::Problem& problem : schema.value()->validate(request.context)) {
        problems.push_back({i, Code::context_invalid, "/context" + problem.pointer, std::move(problem.message)});
      }
    }
    tasks.push_back({.template_id = submission->found[i]->template_id,
                     .context = std::move(request.context),
                     .initiator = std::move(request.initiator),
                     .source_system = std::move(request.source_system),
                     .reason = std::move(request.reason),
                     .tags = std::move(request.tags),
                     .correlation_id = std::move(request.correlation_id),
                     .start_at = std::move(request.start_at),
                     .priority = request.priority,
                     .traceparent = std::move(request.traceparent)});
  }
  if (!problems.empty()) return submission->reply(SubmitResult{{}, std::move(problems)});
  engine_.submit(std::move(tasks), submission->key, [submission](Result<CreatedTasks> created) {
    if (!created.has_value()) return submission->reply(created.error());
    submission->reply(SubmitResult{std::move(created->tasks), {}, created->replayed});
  });
}

void TaskService::list_tasks(TaskFilter filter, Reply<std::string> reply) {
  reader_.list_tasks(std::move(filter), std::move(reply));
}

void TaskService::get_task(TaskId task, Millis wait, Reply<std::string> reply) {
  if (wait > Millis(0)) {
    return waits_.wait(task, wait, [this, task, reply = std::move(reply)] { get_task(task, Millis(0), reply); });
  }
  reader_.show_task(task, [task, reply = std::move(reply)](Result<std::string> answer) {
    reply(known_or(std::move(answer), Code::not_found, fmt::format("there is no task {}", raw(task))));
  });
}

void TaskService::list_namespaces(Page page, Reply<std::string> reply) {
  reader_.list_namespaces(std::move(page), std::move(reply));
}

void TaskService::list_handlers(std::string namespace_name, Page page, Reply<std::string> reply) {
  auto message = fmt::format("there is no namespace '{}'", namespace_name);
  reader_.list_handlers(std::move(namespace_name), std::move(page), [reply = std::move(reply), message](Result<std::string> answer) {
    reply(known_or(std::move(answer), Code::namespace_unknown, message));
  });
}

void TaskService::get_handler(std::string namespace_name, std::string name, std::string version,
                              Reply<std::string> reply) {
  const auto missing = [namespace_name, name, version] {
    return fmt::format("there is no handler {}/{}{}", namespace_name, name,
                       version.empty() ? " with a stable version" : " in version '" + version + "'");
  };
  if (version.empty() || Semver::parse(version).has_value()) {
    return reader_.show_handler(namespace_name, name, version, [reply = std::move(reply), missing](Result<std::string> answer) {
      reply(known_or(std::move(answer), Code::unknown_handler, missing()));
    });
  }
  // A range, or `latest`: choose among what living hosts have loaded, then show that one.
  const std::string wanted = version == "latest" ? "" : version;
  reader_.handler_versions(namespace_name, name, [this, namespace_name, name, wanted, reply = std::move(reply), missing](
                                                     Result<std::vector<HandlerVersion>> versions) {
    if (!versions.has_value()) return reply(versions.error());
    auto chosen = choose(versions.value(), namespace_name, name, wanted);
    if (!chosen.has_value()) return reply(chosen.error());
    reader_.show_handler(namespace_name, name, chosen->version, [reply, missing](Result<std::string> answer) {
      reply(known_or(std::move(answer), Code::unknown_handler, missing()));
    });
  });
}

// The catalogue's versions, and behind the last of them the files that came to nothing here.
void TaskService::list_plugins(Page page, Reply<std::string> reply) {
  reader_.list_plugins(std::move(page), [reply = std::move(reply), files = folder_.files()](Result<std::string> answer) {
    // jsonb prints the shorter name first: "next" stands before "plugins".
    const bool last = answer.has_value() && answer->starts_with("{\"next\": null") && answer->ends_with("]}");
    if (last && !files.empty()) {
      answer->resize(answer->size() - 2);
      *answer += (answer->ends_with('[') ? "" : ",") + files + "]}";
    }
    reply(std::move(answer));
  });
}

// However many scrape, the database is asked once a second.
void TaskService::metrics(Reply<std::string> reply) {
  const auto now = std::chrono::steady_clock::now();
  {
    std::unique_lock lock(mutex_);
    if (gauges_ && now - gauges_asked_ < std::chrono::seconds(1)) {
      const auto known = gauges_;
      lock.unlock();
      return reply(write_metrics_(known));
    }
    gauges_asked_ = now;
  }
  reader_.queue_gauges([this, reply = std::move(reply)](Result<QueueGauges> answer) {
    std::optional<QueueGauges> gauges;
    if (answer.has_value()) gauges = *answer;
    {
      const std::lock_guard lock(mutex_);
      gauges_ = gauges;
    }
    reply(write_metrics_(gauges));
  });
}

void TaskService::health(Reply<Health> reply) {
  const auto began = std::chrono::steady_clock::now();
  reader_.ping([this, began, reply = std::move(reply)](Result<Micros> answer) {
    if (!answer.has_value()) return say_health(std::move(answer), began, "", reply);
    reader_.missing_defaults([this, answer, began, reply](Result<std::string> missing) {
      say_health(answer, began, missing.has_value() ? *missing : "", reply);
    });
  });
}

void TaskService::say_health(Result<Micros> answer, std::chrono::steady_clock::time_point began, const std::string& missing_defaults,
                             const Reply<Health>& reply) {
  const std::string engine = engine_.trouble();
  const std::string plugins = folder_.trouble();
  const auto took = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began).count();
  const auto response_ms = answer.has_value() ? static_cast<double>(answer->count()) / 1000.0 : took;
  std::string checks;
  std::string failed;
  const auto check = [&](const char* name, const std::string& trouble, const char* well, const std::string& more = "") {
    const bool fine = trouble.empty();
    checks += fmt::format(R"({}"{}":{{"status":"{}","message":{}{}}})", checks.empty() ? "" : ",", name,
                          fine ? "healthy" : "unhealthy", json_quote(fine ? well : trouble), more);
    if (!fine) failed += fmt::format(R"({}"{}")", failed.empty() ? "" : ",", name);
  };
  const std::string database = answer.has_value() ? "" : fmt::format("{}: {}", code_text(answer.error().code), answer.error().message);
  check("database", database, "the database answers",
        fmt::format(R"(,"response_time_ms":{:.3f})", response_ms));
  check("engine", engine, "claims, attempts and commits go on");
  // Tasks that name a version run all the same: the host is ready.
  const std::string well = "what lay in the plugins folder at start has been taken in" +
                           (missing_defaults.empty() ? "" : "; but tasks without a version are refused where the pinned default has gone: " +
                                                                missing_defaults);
  check("plugins", plugins, well.c_str());
  Health health;
  health.ready = failed.empty();
  health.body = fmt::format(
      R"({{"ready":{},"checks":{{{}}},"message":{},"timestamp":"{:%Y-%m-%dT%H:%M:%SZ}","check_duration":{:.6f},)"
      R"("failed_checks":[{}]}})",
      health.ready, checks, json_quote(health.ready ? "ready to run tasks" : "not ready to run tasks"),
      fmt::gmtime(std::chrono::system_clock::to_time_t(std::chrono::system_clock::now())), took / 1000.0, failed);
  reply(std::move(health));
}

}  // namespace tasker::engine

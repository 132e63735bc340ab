#include "model/template_yaml.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

#include "base/json_schema.h"
#include "base/sha256.h"
#include "base/yaml_tree.h"
#include "model/task_graph.h"
#include "model/template_keys.h"
#include "model/yaml_fields.h"

namespace tasker::model {
namespace {

using yaml::Kind;
using yaml::Node;

constexpr int kMaxRetryLimit = 10'000;
constexpr double kMaxDelaySeconds = 7 * 86'400;
constexpr std::size_t kMaxTextBytes = 16u << 10;

bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

Millis seconds(double value) {
  return Millis{static_cast<Millis::rep>(std::llround(value * 1000))};
}

std::string short_text(const Fields& fields, std::string_view key) {
  std::string text = fields.text(key);
  if (text.size() > kMaxTextBytes) fields.fail(key, "is longer than 16 KiB");
  return text;
}

RetryPolicy read_retry(const Fields& owner, RetryPolicy policy) {
  const Node* node = owner.mapping("retry");
  if (!node) return policy;
  Fields fields(owner.problems(), *node, owner.path("retry"));
  fields.allow(keys::kRetry);
  if (fields.find("backoff")) {
    const auto backoff = backoff_from(fields.text("backoff"));
    if (backoff)
      policy.backoff = *backoff;
    else
      fields.fail("backoff", "must be table, exponential or constant");
  }
  const auto in_seconds = [](Millis value) { return static_cast<double>(value.count()) / 1000; };
  policy.base = seconds(fields.number("base_seconds", in_seconds(policy.base), 0.001, kMaxDelaySeconds));
  policy.cap = seconds(fields.number("cap_seconds", in_seconds(policy.cap), 0.001, kMaxDelaySeconds));
  policy.multiplier = fields.number("multiplier", policy.multiplier, 1, 100);
  policy.jitter = fields.number("jitter", policy.jitter, 0, 1);
  return policy;
}

// An event of a template has a name of its own: with a dot, and outside the host's own namespaces.
void check_event_name(const Fields& fields, const Node& place, std::string_view path, std::string_view name) {
  static constexpr std::string_view kReserved[] = {"task.", "step.", "workflow.", "observability.", "test."};
  if (name.size() > 128 || name.find('.') == std::string_view::npos) {
    fields.fail_at(
        place, path,
        fmt::format("the event name \"{}\" needs a dot and at most 128 characters, as in order.shipped",
                    name));
  }
  for (std::string_view prefix : kReserved) {
    if (name.starts_with(prefix))
      fields.fail_at(place, path, fmt::format("event names that begin with {} belong to the host", prefix));
  }
}

std::vector<CustomEvent> read_events(const Fields& owner) {
  std::vector<CustomEvent> events;
  const auto items = owner.list("custom_events");
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::string path = fmt::format("{}[{}]", owner.path("custom_events"), i);
    if (items[i].is(Kind::string)) {
      events.push_back({items[i].text, ""});
    } else {
      Fields fields(owner.problems(), items[i], path);
      fields.allow(keys::kCustomEvent);
      events.push_back({fields.required_text("name"), short_text(fields, "description")});
    }
    check_event_name(owner, items[i], path, events.back().name);
  }
  return events;
}

// A step while it is being read: its configuration as a tree, its parents with their places.
struct RawStep {
  StepTemplate step;
  Node config;
  std::vector<const Node*> parents;
  std::string path;
};

class Reader {
 public:
  Reader(std::string_view file_name, std::string_view environment)
      : problems_(file_name), environment_(environment) {}

  Result<std::shared_ptr<const TaskTemplate>> read(const Node& root) {
    Fields fields(problems_, root, "");
    fields.allow(keys::kTemplate, keys::kTemplateLater);
    auto out = std::make_shared<TaskTemplate>();
    read_identity(fields, *out);
    read_schema(fields, *out);
    if (!fields.flag("concurrent", true)) {
      fields.fail("concurrent",
                  "false (one step at a time) is not supported yet; chain the steps by depends_on_step",
                  Code::template_unsupported);
    }
    template_events_ = read_events(fields);
    std::vector<RawStep> steps = read_steps(fields, *out);
    check_names(fields, steps);
    merge_environments(fields, steps);
    if (!problems_.any()) arrange(fields, std::move(steps), *out);
    if (problems_.any()) return problems_.first();
    out->definition = yaml::to_json(root);
    out->digest = sha256_hex(out->definition);
    return std::shared_ptr<const TaskTemplate>(std::move(out));
  }
  const Problems& problems() const { return problems_; }

 private:
  void read_identity(const Fields& fields, TaskTemplate& out) {
    static constexpr std::string_view kNameRule =
        "must begin with a small letter and have at most 63 of a-z, 0-9 and _";
    out.name = fields.required_text("name");
    if (!is_task_name(out.name)) fields.fail("name", kNameRule);
    out.namespace_name = fields.text("namespace_name", "default");
    if (!is_task_name(out.namespace_name)) fields.fail("namespace_name", kNameRule);
    auto version = Semver::parse(fields.text("version", "0.1.0"));
    if (version)
      out.version = std::move(*version);
    else
      fields.fail("version",
                  "must be a semantic version of three numbers, such as 1.0.0: " + version.error().message);
    out.description = short_text(fields, "description");
    out.task_handler_class = short_text(fields, "task_handler_class");
    out.module_namespace = short_text(fields, "module_namespace");
    out.default_dependent_system = short_text(fields, "default_dependent_system");
  }

  void read_schema(const Fields& fields, TaskTemplate& out) {
    const Node* schema = fields.mapping("schema");
    if (!schema) return;
    out.context_schema = yaml::to_json(*schema);
    const auto compiled = JsonSchema::compile(out.context_schema);
    if (!compiled) fields.fail("schema", compiled.error().message);
  }

  std::vector<RawStep> read_steps(const Fields& fields, const TaskTemplate& owner) {
    std::vector<RawStep> steps;
    const auto items = fields.list("step_templates");
    if (!fields.find("step_templates"))
      fields.fail("step_templates", "is required, but missing");
    else if (items.empty())
      fields.fail("step_templates", "must hold at least one step");
    if (items.size() > static_cast<std::size_t>(kMaxStepsPerTask)) {
      fields.fail("step_templates",
                  fmt::format("holds {} steps; at most {} are possible", items.size(), kMaxStepsPerTask));
      return steps;
    }
    const RetryPolicy retry = read_retry(fields, RetryPolicy{});
    const Node* config = fields.mapping("handler_config");
    steps.reserve(items.size());
    for (std::size_t i = 0; i < items.size(); ++i) {
      Fields step(problems_, items[i], fmt::format("step_templates[{}]", i));
      steps.push_back(read_step(step, owner, retry, config));
      steps.back().path = fmt::format("step_templates[{}]", i);
    }
    return steps;
  }

  RawStep read_step(Fields& fields, const TaskTemplate& owner, const RetryPolicy& retry,
                    const Node* shared_config) {
    fields.allow(keys::kStep, keys::kStepLater);
    RawStep raw;
    StepTemplate& step = raw.step;
    step.name = fields.required_text("name");
    if (!is_step_name(step.name)) fields.fail("name", "must have 1 to 128 of A-Z, a-z, 0-9, _, . and -");
    step.description = short_text(fields, "description");
    step.dependent_system = fields.find("dependent_system") ? short_text(fields, "dependent_system")
                                                            : owner.default_dependent_system;
    read_handler(fields, step);
    step.retryable = fields.flag("default_retryable", true);
    step.retry_limit = fields.integer("default_retry_limit", 3, 1, kMaxRetryLimit);
    if (!step.retryable) step.retry_limit = 1;
    step.skippable = fields.flag("skippable", false);
    if (step.skippable) {
      fields.fail("skippable", "true is not supported yet; leave the key out", Code::template_unsupported);
    }
    step.retry = read_retry(fields, retry);
    step.custom_events = template_events_;
    for (CustomEvent& event : read_events(fields)) step.custom_events.push_back(std::move(event));
    raw.config.kind = Kind::mapping;
    if (shared_config) raw.config = *shared_config;
    if (const Node* own = fields.mapping("handler_config")) yaml::merge(raw.config, *own);
    if (const Node* parent = fields.find("depends_on_step")) {
      fields.text("depends_on_step");
      raw.parents.push_back(parent);
    }
    for (const Node* parent : fields.text_list("depends_on_steps")) raw.parents.push_back(parent);
    return raw;
  }

  static void read_handler(const Fields& fields, StepTemplate& step) {
    step.handler_class = fields.text("handler_class", step.name);
    step.handler = fields.find("handler_class") ? handler_name(step.handler_class) : step.name;
    if (!fields.find("handler_class")) return;
    if (is_handler_reference(step.handler_class)) {
      auto reference = parse_handler_reference(step.handler_class);
      if (!reference) return fields.fail("handler_class", reference.error().message);
      step.handler = step.handler_class;
      step.reference = std::move(*reference);
      return;
    }
    const bool plain = std::ranges::all_of(step.handler_class, [](char c) {
      return is_lower(c) || is_upper(c) || is_digit(c) || c == '_' || c == ':' || c == '.' || c == '-';
    });
    if (!plain || step.handler.empty() || step.handler_class.size() > 256) {
      fields.fail("handler_class",
                  "must name a handler: a registered name such as validate_order, or a class such as "
                  "OrderProcess::StepHandler::ValidateOrderHandler");
    }
  }

  // Names are checked where they are written, so that the error has their line.
  void check_names(const Fields& fields, const std::vector<RawStep>& steps) {
    std::vector<std::string_view> names;
    std::unordered_map<std::string_view, std::size_t> places;
    const auto items = fields.list("step_templates");
    for (std::size_t i = 0; i < steps.size(); ++i) {
      if (!places.emplace(steps[i].step.name, i).second) {
        fields.fail_at(items[i], steps[i].path + ".name",
                       fmt::format("another step is named \"{}\" already", steps[i].step.name));
      }
      names.push_back(steps[i].step.name);
    }
    for (const RawStep& raw : steps) {
      for (const Node* parent : raw.parents) check_parent(fields, raw, *parent, names, places);
    }
    if (!fields.find("named_steps")) return;
    std::unordered_set<std::string_view> allowed;
    for (const Node* name : fields.text_list("named_steps")) allowed.insert(name->text);
    for (std::size_t i = 0; i < steps.size(); ++i) {
      if (allowed.contains(steps[i].step.name)) continue;
      fields.fail_at(
          items[i], steps[i].path + ".name",
          fmt::format("\"{}\" is not in named_steps; add it there or correct it", steps[i].step.name));
    }
  }

  static void check_parent(const Fields& fields, const RawStep& raw, const Node& parent,
                           const std::vector<std::string_view>& names,
                           const std::unordered_map<std::string_view, std::size_t>& places) {
    if (places.contains(parent.text)) {
      if (parent.text == raw.step.name)
        fields.fail_at(parent, raw.path, fmt::format("step \"{}\" depends on itself", raw.step.name));
      return;
    }
    const std::string_view near = yaml::nearest(parent.text, names);
    fields.fail_at(
        parent, raw.path,
        fmt::format("step \"{}\" depends on \"{}\", which is not a step of this template{}", raw.step.name,
                    parent.text, near.empty() ? "" : fmt::format("; did you mean {}?", near)));
  }

  // All environments are checked, the named one takes effect: a mistake in production's part shows in
  // development.
  void merge_environments(const Fields& fields, std::vector<RawStep>& steps) {
    const Node* environments = fields.mapping("environments");
    if (!environments) return;
    std::unordered_map<std::string_view, RawStep*> by_name;
    for (RawStep& raw : steps) by_name.emplace(raw.step.name, &raw);
    for (const yaml::Entry& entry : environments->entries) {
      Fields environment(problems_, entry.value, "environments." + entry.key);
      environment.allow(keys::kEnvironment);
      const auto items = environment.list("step_templates");
      for (std::size_t i = 0; i < items.size(); ++i) {
        Fields step(problems_, items[i], fmt::format("environments.{}.step_templates[{}]", entry.key, i));
        step.allow(keys::kEnvironmentStep);
        const std::string name = step.required_text("name");
        const Node* config = step.mapping("handler_config");
        const auto found = by_name.find(name);
        if (found == by_name.end())
          step.fail("name", fmt::format("\"{}\" is not a step of this template", name));
        else if (config && entry.key == environment_)
          yaml::merge(found->second->config, *config);
      }
    }
  }

  void arrange(const Fields& fields, std::vector<RawStep> raw, TaskTemplate& out) {
    std::vector<GraphStep> shape;
    shape.reserve(raw.size());
    for (const RawStep& step : raw) {
      GraphStep& entry = shape.emplace_back(GraphStep{step.step.name, {}});
      for (const Node* parent : step.parents) entry.parents.push_back(parent->text);
    }
    const auto graph = TaskGraph::build(shape);
    if (!graph) {
      fields.fail("step_templates", graph.error().message, graph.error().code);
      return;
    }
    for (Ord ord = 1; ord <= graph->size(); ++ord) {
      RawStep& source = raw[graph->written_index(ord)];
      StepTemplate& step = out.steps.emplace_back(std::move(source.step));
      step.ord = ord;
      step.handler_config = yaml::to_json(source.config);
      step.parents.assign(graph->parents(ord).begin(), graph->parents(ord).end());
      step.children.assign(graph->children(ord).begin(), graph->children(ord).end());
    }
  }

  Problems problems_;
  std::string environment_;
  std::vector<CustomEvent> template_events_;
};

}  // namespace

bool is_task_name(std::string_view name) {
  if (name.empty() || name.size() > 63 || !is_lower(name[0])) return false;
  return std::ranges::all_of(name, [](char c) { return is_lower(c) || is_digit(c) || c == '_'; });
}

bool is_step_name(std::string_view name) {
  if (name.empty() || name.size() > 128) return false;
  return std::ranges::all_of(name, [](char c) {
    return is_lower(c) || is_upper(c) || is_digit(c) || c == '_' || c == '.' || c == '-';
  });
}

std::string handler_name(std::string_view handler_class) {
  std::string_view last = handler_class;
  if (const std::size_t at = last.rfind("::"); at != std::string_view::npos) last.remove_prefix(at + 2);
  if (last.size() > 7 && last.ends_with("Handler")) last.remove_suffix(7);
  std::string out;
  for (std::size_t i = 0; i < last.size(); ++i) {
    if (!is_upper(last[i])) {
      out.push_back(last[i]);
      continue;
    }
    // `HTTPGet` is `http_get`: an upper-case run ends before the letter that begins the next word.
    const bool after_word = i > 0 && (is_lower(last[i - 1]) || is_digit(last[i - 1]));
    const bool before_word = i > 0 && is_upper(last[i - 1]) && i + 1 < last.size() && is_lower(last[i + 1]);
    if (after_word || before_word) out.push_back('_');
    out.push_back(static_cast<char>(last[i] - 'A' + 'a'));
  }
  return out;
}

const StepTemplate* TaskTemplate::find_step(std::string_view step_name) const {
  const auto found = std::ranges::find(steps, step_name, &StepTemplate::name);
  return found == steps.end() ? nullptr : &*found;
}

const StepTemplate* TaskTemplate::first_reference() const {
  const auto found = std::ranges::find_if(steps, [](const StepTemplate& step) { return step.reference.has_value(); });
  return found == steps.end() ? nullptr : &*found;
}

Result<std::shared_ptr<const TaskTemplate>> parse_template(std::string_view text, std::string_view file_name,
                                                           std::string_view environment) {
  const auto root = yaml::parse(text, file_name, Code::template_invalid);
  if (!root) return root.error();
  return Reader(file_name, environment).read(*root);
}

std::vector<Error> template_faults(std::string_view text, std::string_view file_name, std::string_view environment) {
  const auto root = yaml::parse(text, file_name, Code::template_invalid);
  if (!root) return {root.error()};
  Reader reader(file_name, environment);
  static_cast<void>(reader.read(*root));
  // Of what is no mapping, every key is missing too.
  if (!root->is(Kind::mapping)) return {reader.problems().first()};
  return reader.problems().by_line();
}

}  // namespace tasker::model

// Workflows without code: taken in as templates, bound to the plugins that are loaded, and bound anew when other versions of those
// come or go. A bound one is a version like any other from then on; what it is made of stays loaded for as long as it does.
#include <algorithm>
#include <set>
#include <utility>

#include "base/log.h"
#include "base/secrets.h"
#include "base/sha256.h"
#include "base/utf8.h"
#include "model/template_yaml.h"
#include "plugin/dev_version.h"
#include "plugin/kept_copies.h"
#include "plugin/loader_core.h"
#include "plugin/manifest.h"
#include "plugin/workflow.h"

namespace tasker::plugin {
namespace {

constexpr std::uint64_t kMaxTemplateBytes = 1024 * 1024;
// Plugins come and go many at once.
constexpr milliseconds kBindPause{50};

Error immutable(const PluginFileName& name) {
  return make_error(Code::plugin_version_immutable,
                    "version " + name.version_text + " is immutable and is loaded with another text; give the new one a new version "
                    "(tasker dev reloads changed files)");
}

Binding binding_of(const Entry& part) {
  return {part.record.namespace_name, part.record.name, part.record.version, part.record.sha256};
}

Result<std::shared_ptr<engine::Handler>> handler_of(const Entry& part, const model::HandlerReference& wanted) {
  std::string has;
  for (const auto& step : part.definition->steps) {
    if (step.handler_class == wanted.handler || step.handler == wanted.handler) return part.handlers[static_cast<std::size_t>(step.ord - 1)];
    has += (has.empty() ? "" : ", ") + step.handler;
  }
  return make_error(Code::plugin_unbound, part.label() + " has no handler " + wanted.handler + "; it has " + has);
}

Result<std::shared_ptr<const model::TaskTemplate>> parse_workflow(const std::string& text, const std::string& file,
                                                                   const std::string& environment) {
  if (!is_utf8(text)) return make_error(Code::template_invalid, "it is not UTF-8");
  auto definition = model::parse_template(text, file, environment);
  if (!definition) return definition.error();
  for (const auto& step : (*definition)->steps)
    if (!step.reference)
      return make_error(Code::plugin_unbound, "step " + step.name + " names no handler of a plugin, and a workflow without code has none of its own; give it a "
                                              "handler_class such as std/http@^1#request");
  return definition;
}

}  // namespace

// ------------------------------------------------------------ files

void Loader::Core::take_workflow(const std::string& file, const PluginFileName& name, const PrivateCopy& copy, bool is_another_try) {
  const auto known = workflows.find(file);
  if (known != workflows.end() && known->second.sha256 == copy.sha256) {
    known->second.refused.clear();
    if (Entry* refused = candidate(file); refused && !refused->is_kept && refused->record.code == code_text(Code::plugin_version_immutable)) forget(*refused);
    return bind_soon();
  }
  const Entry* before = candidate(file);
  if (!is_another_try && before && !before->is_kept && before->record.state == PluginState::refused && before->record.sha256 == copy.sha256) return;
  forget_gone(file);
  Entry& entry = unbound(file, name);
  entry.record.sha256 = copy.sha256;
  entry.record.version = name.version_text;
  enter(entry, PluginState::intake);
  const bool is_other = std::ranges::any_of(loaded(file), [&](const Entry* each) { return each->source_sha256 != copy.sha256; });
  if (is_other && !options.dev) return refuse(entry, immutable(name));
  auto definition = read_workflow(name, copy);
  if (!definition) return refuse(entry, definition.error());
  enter(entry, PluginState::inspected);
  workflows[file] = {std::move(definition->first), copy.sha256, std::move(definition->second), is_other, "", ""};
  bind_soon();
}

Result<std::pair<std::string, std::shared_ptr<const model::TaskTemplate>>> Loader::Core::read_workflow(const PluginFileName& name,
                                                                                                       const PrivateCopy& copy) {
  const std::string listed = name.namespace_name + "/" + name.name + "@" + name.version_text;
  if (auto allowed = allow_list.check(listed, copy.sha256); !allowed) return allowed.error();
  auto text = read_copy(copy, kMaxTemplateBytes);
  if (!text) return text.error();
  auto definition = parse_workflow(*text, name.name + "-" + name.version_text + ".yaml", options.environment);
  if (!definition) return definition.error();
  if (const auto same = check_identity(name, **definition); !same) return same.error();
  return std::pair{std::move(*text), std::move(*definition)};
}

// ------------------------------------------------------------ bindings

void Loader::Core::bind_soon() {
  if (is_stopping || std::exchange(binds_soon, true)) return;
  bind_timer.expires_after(kBindPause);
  bind_timer.async_wait([self = shared_from_this()](const boost::system::error_code& cancelled) {
    self->binds_soon = false;
    if (!cancelled && !self->is_stopping) self->bind_workflows();
  });
}

void Loader::Core::bind_workflows() {
  std::vector<std::uint64_t> kept;
  for (const Entry& entry : entries)
    if (entry.is_kept && entry.is_workflow() && !entry.plugin && !entry.is_gone()) kept.push_back(entry.key);
  for (const std::uint64_t key : kept)
    if (Entry* entry = entry_of(key)) bind_kept(*entry);
  if (!workflows.empty()) {
    const PartIndex there = index_parts();
    for (auto& [file, source] : workflows) bind(file, source, there);
  }
  wait_for_quiet();  // one that was refused may be tried again
}

// A workflow may have a plugin's name, and hides none.
Loader::Core::PartIndex Loader::Core::index_parts() {
  PartIndex parts;
  std::vector<IndexedVersion> versions;
  for (Entry& entry : entries) {
    if (entry.is_workflow() || !entry.ids || entry.is_leaving || entry.handlers.empty() || entry.record.state == PluginState::quarantined) continue;
    versions.push_back({entry.record.namespace_name, entry.record.name, entry.semver, entry.record.version, entry.sequence,
                        entry.record.state == PluginState::active, entry.ids->template_id, entry.definition, parts.entries.size()});
    parts.entries.push_back(&entry);
  }
  parts.versions = std::make_unique<VersionIndex>(std::move(versions), orders ? orders->defaults : std::vector<PinnedDefault>());
  return parts;
}

Result<Loader::Core::Parts> Loader::Core::find_parts(const model::TaskTemplate& definition, const PartIndex& there) {
  Parts parts;
  for (const auto& step : definition.steps) {
    const auto& wanted = *step.reference;
    const auto fails = [&](const std::string& why) {
      return make_error(Code::plugin_unbound, "step " + step.name + " wants " + step.handler_class + ": " + why);
    };
    const auto found = there.versions->find(wanted.namespace_name, wanted.name, wanted.range);
    if (!found) return fails(found.error().message);
    const Entry& part = *there.entries[(*found)->place];
    auto handler = handler_of(part, wanted);
    if (!handler) return fails(handler.error().message);
    parts.bindings.push_back(binding_of(part));
    parts.handlers.push_back(std::move(*handler));
  }
  return parts;
}

// Those that it was bound to, and no others.
Result<Loader::Core::Parts> Loader::Core::find_same_parts(const Entry& kept) {
  Parts parts;
  const auto& steps = kept.definition->steps;
  if (kept.bindings.size() != steps.size()) return make_error(Code::plugin_untrusted_file, "its private copy binds other steps than it has");
  for (const auto& step : steps) {
    const Binding& bound = kept.bindings[static_cast<std::size_t>(step.ord - 1)];
    const auto part = std::ranges::find_if(entries, [&](const Entry& entry) {
      return entry.ids && !entry.is_leaving && !entry.handlers.empty() && entry.record.state != PluginState::quarantined && binding_of(entry) == bound;
    });
    if (part == entries.end())
      return make_error(Code::plugin_unbound, bound.label() + ", to which it is bound, is not loaded");
    auto handler = handler_of(*part, *step.reference);
    if (!handler) return handler.error();
    parts.bindings.push_back(bound);
    parts.handlers.push_back(std::move(*handler));
  }
  return parts;
}

bool Loader::Core::is_a_plugin_on_its_way() const {
  return std::ranges::any_of(entries, [](const Entry& entry) { return entry.record.state < PluginState::active && !entry.is_workflow(); });
}

void Loader::Core::bind(const std::string& file, WorkflowSource& source, const PartIndex& there) {
  auto parts = find_parts(*source.definition, there);
  if (!parts) return unbind(file, source, parts.error());
  const PluginFileName name = name_of(file);
  const std::string text = write_bound(parts->bindings, source.text);
  const std::string sha256 = sha256_hex(text);
  if (source.refused == sha256) return;
  for (Entry* build : loaded(file)) {
    if (build->record.sha256 != sha256) continue;
    build->is_kept = false;
    build->comes_back = build->is_leaving && !is_retired(*build);
    if (!build->ids || build->is_leaving || is_retired(*build)) return;
    if (build->record.state == PluginState::draining) {
      build->sequence = ++last_sequence;
      enter_and_publish(*build, PluginState::active, build->bound_to);
    }
    return drain_others(*build);
  }
  const std::string version = bound_version(source.is_dev ? dev_version(name, source.sha256) : name.version_text, sha256);
  const bool is_retired_here = is_workflow_retired(name.namespace_name, name.name, version);
  if (is_retired_here && source.stays_away == sha256) return;
  source.stays_away = is_retired_here ? sha256 : "";
  Entry& entry = unbound(file, name);
  entry.record.sha256 = sha256;
  entry.record.version = version;
  if (is_retired_here) return enter(entry, PluginState::unloaded, "", kStaysAwayText);
  const auto copy = keep_text(text, options.state);
  if (!copy) {
    source.refused = sha256;
    return refuse(entry, copy.error());
  }
  if (copy->is_new) to_sync.push_back(copy->path);
  sync_copies();
  entry.source_sha256 = source.sha256;
  entry.definition = definition_as(entry.record.version, source.definition);
  hold(entry, std::move(*parts));
}

void Loader::Core::hold(Entry& entry, Parts parts) {
  entry.plugin = std::make_shared<Workflow>(std::move(parts.handlers));
  entry.bindings = std::move(parts.bindings);
  std::set<std::string> labels;
  for (const Binding& each : entry.bindings) labels.insert(each.label());
  entry.bound_to.clear();
  for (const std::string& label : labels) entry.bound_to += (entry.bound_to.empty() ? "bound to " : ", ") + label;
  enter(entry, PluginState::loading);
  publish(entry);
}

void Loader::Core::drain_others(const Entry& current) {
  bool drains = false;
  for (Entry* build : loaded(current.file)) {
    if (build == &current || build->record.state != PluginState::active || is_pinned(*build)) continue;
    enter_and_publish(*build, PluginState::draining, "version " + current.record.version + " has taken its place: " + current.bound_to);
    drains = true;
  }
  if (drains) ask_needs_soon();
}

// The entry of this file that is not loaded, and does not wait for the parts of an older one.
Entry& Loader::Core::unbound(const std::string& file, const PluginFileName& name) {
  if (const auto found = by_file.find(file); found != by_file.end())
    for (Entry* entry : found->second)
      if (!entry->plugin && !entry->is_gone() && !entry->is_kept) return *entry;
  return add(file, name);
}

// It waits for what may be on its way; then it is refused, until something comes that mends it.
void Loader::Core::unbind(const std::string& file, const WorkflowSource& source, const Error& error) {
  const auto builds = loaded(file);
  for (Entry* build : builds) {
    if (build->record.state != PluginState::active) continue;
    enter_and_publish(*build, PluginState::draining, error.message);
    ask_needs_soon();
  }
  if (is_a_plugin_on_its_way() || !builds.empty()) return;
  Entry& entry = unbound(file, name_of(file));
  if (entry.record.state == PluginState::refused && entry.record.reason == masked(error.message)) return;
  entry.record.sha256 = source.sha256;
  entry.record.version = name_of(file).version_text;
  refuse(entry, error);
}

// ------------------------------------------------------------ quarantine

// Its attempts would be handed back at once, again and again.
void Loader::Core::quarantine_users(const Entry& part) {
  for (Entry& user : entries) {
    if (!user.ids || user.is_leaving || user.record.state == PluginState::quarantined || !uses(user, part)) continue;
    user.is_to_drain = user.record.state == PluginState::draining;
    user.record.state = PluginState::quarantined;
    publish_registry();
    enter(user, PluginState::quarantined, std::string(code_text(Code::plugin_quarantined)),
          "it is bound to " + part.label() + ", which is quarantined, and waits with it: " + part.record.reason);
  }
}

Entry* Loader::Core::quarantined_part_of(const Entry& workflow) {
  const auto part = std::ranges::find_if(entries, [&](const Entry& entry) {
    return entry.record.state == PluginState::quarantined && !entry.is_workflow() && uses(workflow, entry);
  });
  return part == entries.end() ? nullptr : &*part;
}

// ------------------------------------------------------------ what open tasks need

bool Loader::Core::uses(const Entry& workflow, const Entry& part) const {
  return std::ranges::find(workflow.bindings, binding_of(part)) != workflow.bindings.end();
}

const Entry* Loader::Core::user_of(const Entry& part) const {
  const auto user = std::ranges::find_if(entries, [&](const Entry& entry) { return (entry.plugin || (entry.is_kept && !entry.is_gone())) && uses(entry, part); });
  return user == entries.end() ? nullptr : &*user;
}

std::vector<Binding> Loader::Core::parts_of(const NeededVersion& needed) const {
  if (!is_bound_version(needed.version, needed.sha256)) return {};
  const auto copy = find_copy(options.state, needed.sha256, ".yaml");
  const auto text = copy ? read_copy({*copy, needed.sha256}, kMaxTemplateBytes * 2) : Result<std::string>(copy.error());
  const auto bound = text ? read_bound(*text) : Result<BoundWorkflow>(text.error());
  return bound ? bound->bindings : std::vector<Binding>();
}

void Loader::Core::load_kept_workflow(const NeededVersion& needed) {
  const bool is_under_way = std::ranges::any_of(entries, [&](const Entry& entry) { return entry.is_kept && !entry.is_gone() && entry.record.sha256 == needed.sha256; });
  if (is_under_way) return;
  const auto fails = [&](const Error& error) {
    if (needed.hosts == 0) say_unavailable(needed, error.message, false);
    if (error.retry == Retry::later) look_for_needed_soon();
  };
  const auto copy = find_copy(options.state, needed.sha256, ".yaml");
  if (!copy) return fails(copy.error());
  const auto text = read_copy({*copy, needed.sha256}, kMaxTemplateBytes * 2);
  if (!text) return fails(text.error());
  auto bound = read_bound(*text);
  if (!bound) return fails(bound.error());
  const auto definition = parse_workflow(bound->source, "its private copy", options.environment);
  if (!definition) return fails(definition.error());
  const std::string in_folder = needed.name + "-" + (*definition)->version.text() + ".yaml";
  const auto name = parse_file_name(needed.namespace_name, in_folder);
  if (!name) return fails(name.error());
  Entry& entry = add(needed.namespace_name + "/" + in_folder, *name);
  entry.is_kept = true;
  entry.is_elsewhere = needed.hosts > 0;
  entry.record.version = needed.version;
  entry.record.sha256 = needed.sha256;
  entry.source_sha256 = sha256_hex(bound->source);
  entry.definition = definition_as(needed.version, *definition);
  entry.bindings = std::move(bound->bindings);
  enter(entry, PluginState::inspected);
  const auto bindings = entry.bindings;  // loading one may end this entry's wait
  for (const Binding& each : bindings) {
    if (!is_loaded(each.label())) load_kept(each.label(), {each.namespace_name, each.name, each.version, each.sha256, 0, needed.hosts});
  }
  bind_soon();
}

void Loader::Core::bind_kept(Entry& entry) {
  auto parts = find_same_parts(entry);
  if (parts) return hold(entry, std::move(*parts));
  if (is_a_plugin_on_its_way()) return;
  if (!entry.is_elsewhere)
    say_unavailable({entry.record.namespace_name, entry.record.name, entry.record.version, entry.record.sha256}, parts.error().message, false);
  forget(entry);
}

}  // namespace tasker::plugin

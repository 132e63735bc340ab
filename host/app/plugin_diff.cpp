#include "app/plugin_diff.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include <spdlog/fmt/fmt.h>

#include "app/document.h"
#include "app/template_check.h"
#include "app/terminal.h"
#include "base/json.h"
#include "model/template_difference.h"
#include "plugin/manifest.h"

namespace tasker::app {
namespace {

using model::Change;
using model::Effect;

// One of the two, from a plugin or from a template alone.
struct Side {
  std::shared_ptr<const model::TaskTemplate> definition;
  std::optional<plugin::InspectReport> plugin;  // nothing: a workflow without code

  std::string label() const {
    return fmt::format("{}/{} {}", definition->namespace_name, definition->name, definition->version.text());
  }
};

Result<Side> read_side(const std::string& file) {
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) return make_error(Code::not_found, fmt::format("there is no file {}", file));
  if (std::filesystem::path(file).extension() == ".yaml") {
    auto definition = read_template(file, "");
    if (!definition) return definition.error();
    return Side{std::move(*definition), std::nullopt};
  }
  auto read = plugin::inspect_file(file);
  if (!read) return make_error(read.error().code, fmt::format("{}: {}", file, read.error().message));
  return Side{read->definition, std::move(*read)};
}

void add_contract(const Side& older, const Side& newer, std::vector<Change>& changes) {
  if (older.plugin.has_value() != newer.plugin.has_value()) {
    changes.push_back({Effect::notable, "contract", newer.plugin ? "it has code of its own now" : "it has no code of its own any more"});
    return;
  }
  if (!older.plugin) return;
  const auto& was = *older.plugin;
  const auto& is = *newer.plugin;
  const auto add = [&](Effect effect, std::string what) { changes.push_back({effect, "contract", std::move(what)}); };
  if (is.abi_major != was.abi_major) add(Effect::breaking, fmt::format("it was built for plugin ABI {}, and the older one for {}", is.abi_major, was.abi_major));
  if (is.needs_abi_minor > was.needs_abi_minor)
    add(Effect::breaking, fmt::format("it needs plugin ABI {}.{}: hosts that took the older one may refuse it", is.abi_major, is.needs_abi_minor));
  if (is.abi_major == was.abi_major && is.abi_minor != was.abi_minor)
    add(Effect::safe, fmt::format("it was built with the header of ABI {}.{}, and the older one with {}.{}", is.abi_major, is.abi_minor, was.abi_major, was.abi_minor));
  if (is.sha256 != was.sha256 && newer.definition->version.identical(older.definition->version) &&
      newer.definition->digest == older.definition->digest)
    add(Effect::breaking, "both say version " + older.definition->version.text() + " and hold other code; a version never changes");
}

const char* effect_text(Effect effect) {
  switch (effect) {
    case Effect::safe: return "safe";
    case Effect::notable: return "notable";
    case Effect::breaking: return "breaking";
  }
  return "";
}

std::string as_json(const Change& change) {
  return fmt::format(R"({{"effect":{},"part":{},"what":{}}})", json_quote(effect_text(change.effect)), json_quote(change.part), json_quote(change.what));
}

// Whether a range over the older version keeps the newer one away, and whom not.
std::string about_the_number(const Side& older, const Side& newer) {
  const auto& was = older.definition->version;
  const auto& is = newer.definition->version;
  if (older.definition->name != newer.definition->name || older.definition->namespace_name != newer.definition->namespace_name || !(was < is))
    return "a replacement has the same name and a higher version";
  if (model::is_next_major(was, is))
    return fmt::format("its number says so: ^{} does not take it; tasks that name no version do", was.text());
  return fmt::format("its number does not say so: ^{} takes it; raise the major version", was.text());
}

}  // namespace

ExitCode run_plugin_diff(const PluginDiffArguments& arguments) {
  const auto older = read_side(arguments.older);
  if (!older) return report(older.error());
  const auto newer = read_side(arguments.newer);
  if (!newer) return report(newer.error());
  auto changes = model::template_changes(*older->definition, *newer->definition);
  add_contract(*older, *newer, changes);
  std::stable_sort(changes.begin(), changes.end(), [](const Change& a, const Change& b) { return a.effect > b.effect; });
  const auto breaking = std::count_if(changes.begin(), changes.end(), [](const Change& change) { return change.effect == Effect::breaking; });

  if (is_document(arguments.output)) {
    std::string rows;
    for (const auto& change : changes) rows += (rows.empty() ? "" : ",") + as_json(change);
    const auto printed = print_document(
        fmt::format(R"({{"older":{},"newer":{},"safe":{},"next_major":{},"changes":[{}]}})", json_quote(older->label()), json_quote(newer->label()),
                    breaking == 0, model::is_next_major(older->definition->version, newer->definition->version), rows),
        arguments.output);
    return breaking > 0 ? ExitCode::failed : printed;
  }
  for (const auto& change : changes) std::printf("%-9s %-9s %s\n", effect_text(change.effect), change.part.c_str(), printable(change.what).c_str());
  if (breaking == 0) {
    std::puts(fmt::format("safe: {} can take the place of {}", newer->label(), older->label()).c_str());
    return ExitCode::ok;
  }
  std::fflush(stdout);
  return report(make_error(Code::plugin_unsafe_replacement,
                           fmt::format("{} cannot take the place of {} unseen: {} breaking change{}; {}", newer->label(), older->label(), breaking,
                                       breaking == 1 ? "" : "s", about_the_number(*older, *newer))));
}

}  // namespace tasker::app

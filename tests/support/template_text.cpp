#include "support/template_text.h"

#include <sstream>
#include <stdexcept>

#include "base/json.h"
#include "base/sha256.h"
#include "model/task_graph.h"

namespace tasker::test {
namespace {

std::vector<model::GraphStep> parse(const std::string& graph) {
  std::vector<model::GraphStep> steps;
  std::istringstream parts(graph);
  for (std::string part; std::getline(parts, part, ';');) {
    const auto colon = part.find(':');
    model::GraphStep step;
    std::istringstream(part.substr(0, colon)) >> step.name;
    if (colon != std::string::npos) {
      std::istringstream parents(part.substr(colon + 1));
      for (std::string parent; parents >> parent;) step.parents.push_back(parent);
    }
    steps.push_back(std::move(step));
  }
  return steps;
}

}  // namespace

std::shared_ptr<const model::TaskTemplate> template_of(const std::string& name, const std::string& graph_text,
                                                       const std::string& version) {
  auto written = parse(graph_text);
  std::vector<bool> once;
  for (auto& step : written) {
    once.push_back(step.name.ends_with('!'));
    if (once.back()) step.name.pop_back();
  }
  auto graph = model::TaskGraph::build(written);
  if (!graph) throw std::runtime_error(graph.error().message);
  auto made = std::make_shared<model::TaskTemplate>();
  made->name = name;
  made->version = *Semver::parse(version);
  for (Ord ord = 1; ord <= graph->size(); ++ord) {
    const auto& from = written[graph->written_index(ord)];
    model::StepTemplate step;
    step.ord = ord;
    step.name = step.handler = step.handler_class = from.name;
    step.parents.assign(graph->parents(ord).begin(), graph->parents(ord).end());
    step.children.assign(graph->children(ord).begin(), graph->children(ord).end());
    if (once[graph->written_index(ord)]) step.retry_limit = 1;
    step.handler_config = "{}";
    made->steps.push_back(std::move(step));
  }
  made->definition = "{\"name\":" + json_quote(name) + ",\"graph\":" + json_quote(graph_text) + "}";
  made->digest = sha256_hex(made->definition);
  return made;
}

}  // namespace tasker::test

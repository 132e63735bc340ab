#include "support/story.h"

#include <algorithm>
#include <sstream>
#include <thread>

namespace tasker::test {

using namespace std::chrono_literals;
using engine::AttemptJob;

namespace {

// Never entered: the story ends attempts by itself.
class SilentHandler final : public engine::Handler {
 public:
  bool is_async() const override { return false; }
  void run(const engine::AttemptInput&, std::function<void(engine::AttemptOutcome)>) override {}
};

std::shared_ptr<const model::TaskTemplate> parse(const std::string& graph) {
  auto definition = std::make_shared<model::TaskTemplate>();
  definition->name = "story";
  std::map<std::string, Ord> ords;
  std::istringstream lines(graph);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string name;
    if (!(words >> name)) continue;
    model::StepTemplate step;
    step.ord = static_cast<Ord>(definition->steps.size() + 1);
    if (name.back() == ':') name.pop_back();
    if (name.back() == '!') {
      name.pop_back();
      step.retry_limit = 1;
    }
    step.name = step.handler = name;
    step.retry.jitter = 0;
    for (std::string parent; words >> parent;) {
      step.parents.push_back(ords.at(parent));
      definition->steps[static_cast<std::size_t>(ords.at(parent) - 1)].children.push_back(step.ord);
    }
    ords[name] = step.ord;
    definition->steps.push_back(std::move(step));
  }
  return definition;
}

constexpr TemplateId kTemplate{1};
constexpr PluginId kPlugin{1};

}  // namespace

struct Story::Catalog final : engine::HandlerCatalog {
  explicit Catalog(std::shared_ptr<const model::TaskTemplate> definition) : definition_(std::move(definition)) { publish(true); }
  void publish(bool with_template) {
    auto made = std::make_shared<engine::CatalogSnapshot>();
    made->generation = current ? current->generation + 1 : 1;
    made->plugins = std::make_shared<const std::vector<PluginId>>(std::vector{kPlugin});
    engine::LoadedTemplate loaded{kTemplate, kPlugin, definition_, {}};
    loaded.handlers.assign(definition_->steps.size(), std::make_shared<SilentHandler>());
    if (with_template) made->templates[kTemplate] = std::move(loaded);
    current = made;
  }
  std::uint64_t generation() const override { return current->generation; }
  std::shared_ptr<const engine::CatalogSnapshot> snapshot() const override { return current; }
  const std::shared_ptr<const model::TaskTemplate> definition_;
  std::shared_ptr<const engine::CatalogSnapshot> current;
};

// As many attempts are entered as there are workers; the rest wait, as in a pool.
struct Story::Runner final : engine::JobRunner {
  Runner(Story& story, int workers) : story_(story), workers_(workers) {}
  void run(std::vector<std::shared_ptr<AttemptJob>> jobs) override {
    for (auto& job : jobs) waiting.push_back(std::move(job));
    enter();
  }
  std::vector<std::shared_ptr<AttemptJob>> take_back(engine::SteadyTime before) override {
    std::vector<std::shared_ptr<AttemptJob>> back;
    std::erase_if(waiting, [&](auto& job) {
      if (job->claimed >= before) return false;
      back.push_back(job);
      return true;
    });
    return back;
  }
  std::vector<std::shared_ptr<AttemptJob>> take_back_beyond(std::size_t keep) override {
    if (waiting.size() <= keep) return {};
    const auto first = waiting.begin() + static_cast<std::ptrdiff_t>(keep);
    std::vector<std::shared_ptr<AttemptJob>> back(first, waiting.end());
    waiting.erase(first, waiting.end());
    return back;
  }
  void allow(bool entering) override {
    allowed = entering;
    enter();
  }
  void close() override { waiting.clear(); }
  void enter() {
    while (allowed && !waiting.empty() && story_.jobs_.size() < static_cast<std::size_t>(workers_)) {
      story_.entered_[waiting.front()->input.fence] = story_.executor.now();
      story_.jobs_.push_back(std::move(waiting.front()));
      waiting.erase(waiting.begin());
    }
  }

  Story& story_;
  const int workers_;
  bool allowed = true;
  std::vector<std::shared_ptr<AttemptJob>> waiting;
};

Story::Story(const std::string& graph, engine::EngineOptions options, engine::LivenessOptions liveness)
    : store([this] { return executor.now(); }),
      definition_(parse(graph)),
      catalog_(std::make_unique<Catalog>(definition_)),
      options_(options),
      liveness_(liveness) {
  store.add_template(kTemplate, kPlugin, definition_);
  start();
}

Story::~Story() { engine.reset(); }

void Story::lose_template() { catalog_->publish(false); }
void Story::find_template() { catalog_->publish(true); }

void Story::start() {
  jobs_.clear();
  engine::Engine::Wiring wiring{executor, store, *catalog_, {"story", "test", ""}, options_, liveness_, {}, {}, {}};
  wiring.on_registered = [this](HostId id) { host = id; };
  wiring.make_runner = [this](const engine::EngineOptions& made, engine::FinishJob finish) {
    finish_ = std::move(finish);
    auto runner = std::make_unique<Runner>(*this, made.workers);
    runner_ = runner.get();
    return runner;
  };
  engine = std::make_unique<engine::Engine>(std::move(wiring));
  engine->start([](Result<HostId>) {});
  executor.run();
}

void Story::stop(std::chrono::milliseconds grace) {
  bool stopped = false;
  engine->stop(grace, [&] { stopped = true; });
  executor.run();
  for (int i = 0; i < 1'000 && !stopped; ++i) executor.advance(20ms);
  ASSERT_TRUE(stopped) << "the engine did not stop";
}

bool Story::eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
    executor.advance(10ms);
  }
  return true;
}

TaskId Story::submit(int tasks, const std::string& context) {
  std::vector<engine::NewTask> wanted(static_cast<std::size_t>(tasks));
  for (auto& task : wanted) {
    task.template_id = kTemplate;
    task.context = context;
  }
  std::vector<TaskId> made;
  engine->submit(std::move(wanted), [&](Result<std::vector<TaskId>> ids) { made = ids.value(); });
  executor.run();
  tasks_.insert(tasks_.end(), made.begin(), made.end());
  return made.front();
}

std::shared_ptr<AttemptJob> Story::take(const std::string& step, TaskId task) {
  for (auto job = jobs_.begin(); job != jobs_.end(); ++job) {
    if ((*job)->input.step->name != step) continue;
    if (task != TaskId{0} && (*job)->input.fence.step.task != task) continue;
    auto found = *job;
    jobs_.erase(job);
    return found;
  }
  return nullptr;
}

void Story::finish_silently(const std::string& step) {
  const auto job = take(step, TaskId{0});
  ASSERT_NE(job, nullptr) << step << " is not running";
  finish_(*job, {}, executor.now(), executor.now());
}

void Story::end(const std::string& step, engine::AttemptOutcome outcome, TaskId task) {
  const auto job = take(step, task);
  ASSERT_NE(job, nullptr) << step << " is not running";
  finish_(*job, std::move(outcome), entered_.at(job->input.fence), executor.now());
  executor.run();
  runner_->enter();
  executor.run();
}

void Story::finish(const std::string& step, const std::string& result, TaskId task) {
  engine::AttemptOutcome outcome;
  outcome.payload = result;
  end(step, std::move(outcome), task);
}

std::vector<std::string> Story::running() const {
  std::vector<std::string> names;
  for (const auto& job : jobs_) names.push_back(job->input.step->name);
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<TaskId> Story::running_tasks() const {
  std::vector<TaskId> tasks;
  for (const auto& job : jobs_) tasks.push_back(job->input.fence.step.task);
  return tasks;
}

std::size_t Story::running_count() const { return jobs_.size(); }

const engine::AttemptInput& Story::input(const std::string& step, TaskId task) const {
  for (const auto& job : jobs_) {
    if (job->input.step->name == step && (task == TaskId{0} || job->input.fence.step.task == task)) return job->input;
  }
  throw std::logic_error(step + " is not running");
}

const MemoryStore::Step Story::step_row(const std::string& step, TaskId task) const {
  const auto row = store.task(task == TaskId{0} ? tasks_.front() : task);
  for (const auto& known : definition_->steps) {
    if (known.name == step) return row.value().steps[static_cast<std::size_t>(known.ord - 1)];
  }
  throw std::logic_error("no step " + step);
}

std::string Story::state(const std::string& step, TaskId task) const {
  return std::string(model::state_text(step_row(step, task).state));
}

std::string Story::task_state(TaskId task) const {
  return std::string(model::state_text(store.task(task == TaskId{0} ? tasks_.front() : task).value().state));
}

}  // namespace tasker::test

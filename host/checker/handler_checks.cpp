// One step's handler, with input of every kind.
#include <array>
#include <barrier>
#include <thread>

#include <spdlog/fmt/fmt.h>

#include "checker/checks.h"

namespace tasker::checker {
namespace {

using model::OutcomeKind;

constexpr std::chrono::seconds kGrace{5};
constexpr std::chrono::milliseconds kTogether{200};
constexpr int kMostRounds = 200;

struct Case {
  std::string what;
  Input input;
};

bool is_code(const engine::AttemptOutcome& outcome, Code code) { return outcome.code == code_text(code); }

std::string in_words(const engine::AttemptOutcome& outcome) {
  std::string words(model::outcome_text(outcome.kind));
  if (!outcome.code.empty()) words += " " + outcome.code;
  return words;
}

bool asks_again(const engine::AttemptOutcome& outcome) { return outcome.kind == OutcomeKind::retry || outcome.kind == OutcomeKind::wait; }

// Hosts check what they hand over, so none of these comes from one that is sound; a plugin must not fall over them all the same.
std::vector<Case> unreadable_inputs() {
  std::vector<Case> cases;
  const std::pair<const char*, std::string> texts[] = {{"that is not JSON", "{\"a\": "},         {"that is a word", "nonsense"},
                                                       {"that is not UTF-8", "{\"a\": \"\xff\xfe\"}"}, {"that is an array", "[1, 2]"},
                                                       {"that is null", "null"},                 {"that is a string", "\"text\""}};
  for (const auto& [what, text] : texts) {
    cases.push_back({std::string("a context ") + what, {.context = text}});
    cases.push_back({std::string("inputs from parents ") + what, {.inputs = text}});
  }
  return cases;
}

std::vector<Case> big_inputs() {
  constexpr std::size_t kMiB = std::size_t{1} << 20;
  std::vector<Case> cases;
  cases.push_back({"a context of 1 MiB", {.context = R"({"text": ")" + std::string(kMiB, 'x') + "\"}"}});
  std::string numbers = R"({"items": [0)";
  while (numbers.size() < kMiB) numbers += ",123456789";
  cases.push_back({"a context with an array of 100,000 numbers", {.context = numbers + "]}"}});
  for (const std::size_t depth : {std::size_t{100}, std::size_t{100'000}})
    cases.push_back({fmt::format("a context nested {} levels deep", depth),
                     {.context = R"({"deep": )" + std::string(depth, '[') + std::string(depth, ']') + "}"}});
  return cases;
}

std::string at(const model::StepTemplate& step, const std::string& what) { return "step " + step.name + " with " + what; }

std::array<engine::AttemptOutcome, 2> run_together(Specimen& specimen, const model::StepTemplate& step, const std::string& context) {
  std::barrier together(2);
  std::array<engine::AttemptOutcome, 2> outcomes;
  std::array<std::jthread, 2> threads;
  for (std::size_t i = 0; i < threads.size(); ++i)
    threads[i] = std::jthread([&, i] {
      together.arrive_and_wait();
      outcomes[i] = specimen.run(step, {.context = context});
    });
  for (auto& thread : threads) thread.join();
  return outcomes;
}

}  // namespace

std::optional<Answer> broken_rule(const engine::AttemptOutcome& outcome, const std::string& of_what) {
  for (const Code code : {Code::plugin_threw, Code::plugin_bad_outcome})
    if (is_code(outcome, code)) return Answer{Verdict::failed, of_what + ": " + outcome.message, outcome.code};
  return std::nullopt;
}

Answer runs(const Subject& subject, const model::StepTemplate& step, Whereabouts& where) {
  where.set("in its init()");
  auto specimen = Specimen::begin(subject, subject.config);
  if (!specimen) return failed(specimen.error());
  where.set("in step " + step.name);
  const auto outcome = (*specimen)->run(step, {.context = subject.context});
  (*specimen)->end();
  if (auto broken = broken_rule(outcome, "step " + step.name)) return *broken;
  if (is_code(outcome, Code::plugin_bad_result)) return {Verdict::failed, "step " + step.name + ": " + outcome.message, outcome.code};
  return {Verdict::passed, step.name + " " + in_words(outcome)};
}

Answer refuses_bad_input(const Subject& subject, const model::StepTemplate& step, Whereabouts& where) {
  where.set("in its init()");
  auto specimen = Specimen::begin(subject, subject.config);
  if (!specimen) return failed(specimen.error());
  where.set(at(step, "an empty context"));
  // A handler that answers so to an empty context too does not mean its input, but what it cannot reach.
  const auto usual = (*specimen)->run(step, {});
  if (auto broken = broken_rule(usual, at(step, "an empty context"))) return *broken;
  for (const Case& each : unreadable_inputs()) {
    where.set(at(step, each.what));
    const auto outcome = (*specimen)->run(step, each.input);
    if (auto broken = broken_rule(outcome, at(step, each.what))) return *broken;
    if (asks_again(outcome) && !(outcome.kind == usual.kind && outcome.code == usual.code))
      return {Verdict::failed, fmt::format("{} answers {} ({}): it would be run again for nothing; input that cannot be read is a failure for good",
                                           at(step, each.what), in_words(outcome), outcome.message)};
  }
  (*specimen)->end();
  return {Verdict::passed, ""};
}

Answer survives_big_input(const Subject& subject, const model::StepTemplate& step, Whereabouts& where) {
  where.set("in its init()");
  auto specimen = Specimen::begin(subject, subject.config);
  if (!specimen) return failed(specimen.error());
  for (const Case& each : big_inputs()) {
    where.set(at(step, each.what));
    if (auto broken = broken_rule((*specimen)->run(step, each.input), at(step, each.what))) return *broken;
  }
  (*specimen)->end();
  return {Verdict::passed, ""};
}

Answer stops_when_asked(const Subject& subject, const model::StepTemplate& step, Whereabouts& where) {
  where.set("in its init()");
  auto specimen = Specimen::begin(subject, subject.config);
  if (!specimen) return failed(specimen.error());
  const auto what = at(step, "its stop bits set before it begins");
  where.set(what);
  const auto outcome = (*specimen)->run_within(
      kGrace, step, {.context = subject.context, .stop_bits = engine::kStopCancelled | engine::kStopDraining});
  if (!outcome) {
    static_cast<void>(specimen->release());
    return {Verdict::failed, fmt::format("{} still runs after {} s: look at should_stop() in every loop and before every wait", what, kGrace.count()),
            std::string(code_text(Code::plugin_timeout))};
  }
  (*specimen)->end();
  if (auto broken = broken_rule(*outcome, what)) return *broken;
  return {Verdict::passed, ""};
}

Answer runs_twice_at_once(const Subject& subject, const model::StepTemplate& step, Whereabouts& where) {
  where.set("in its init()");
  auto specimen = Specimen::begin(subject, subject.config);
  if (!specimen) return failed(specimen.error());
  const auto what = "step " + step.name + " twice at the same time";
  // A handler that is quick overlaps with itself seldom.
  const auto enough = std::chrono::steady_clock::now() + kTogether;
  for (int round = 0; round < kMostRounds && (round == 0 || std::chrono::steady_clock::now() < enough); ++round) {
    where.set(what);
    for (const auto& outcome : run_together(**specimen, step, subject.context))
      if (auto broken = broken_rule(outcome, what)) return *broken;
  }
  (*specimen)->end();
  return {Verdict::passed, ""};
}

Answer answers_once(const Subject& subject, const model::StepTemplate& step, Whereabouts& where) {
  where.set("in its init()");
  auto specimen = Specimen::begin(subject, subject.config);
  if (!specimen) return failed(specimen.error());
  where.set("in step " + step.name);
  (*specimen)->run(step, {.context = subject.context});
  where.set("in its fini()");
  if (!(*specimen)->end()) return {Verdict::failed, "step " + step.name + ": an attempt is still inside after its outcome came"};
  // After fini(), for until then a thread of the plugin's may answer once more.
  if ((*specimen)->misdeeds() > 0) return {Verdict::failed, "step " + step.name + ": it answered more than once; the output says how"};
  return {Verdict::passed, ""};
}

}  // namespace tasker::checker

// Handlers on made-up input: none may crash, hang, throw, or answer what the contract does not allow.
#include <spdlog/fmt/fmt.h>

#include "checker/checks.h"
#include "checker/fuzz_input.h"

namespace tasker::checker {

Answer survives_cases(const Subject& subject, std::uint64_t first_seed, std::uint64_t cases, Whereabouts& where) {
  where.set("in its init()");
  auto specimen = Specimen::begin(subject, subject.config);
  if (!specimen) return failed(specimen.error());
  const auto& definition = *subject.report.definition;
  const auto steps = distinct_steps(definition);
  for (std::uint64_t done = 0; done < cases; ++done) {
    const auto seed = first_seed + done;
    const auto& step = *steps[seed % steps.size()];
    const auto which = fmt::format("step {} with the input of seed {}", step.name, seed);
    where.set(which, seed);
    const auto outcome = (*specimen)->run(step, fuzz_input(seed, definition.context_schema, subject.context));
    if (auto broken = broken_rule(outcome, which)) return *broken;
  }
  (*specimen)->end();
  return {};
}

}  // namespace tasker::checker

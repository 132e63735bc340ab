// The single checks, by what they look at. Each `Answer` is made in a child process of its own (apart.h), but for those of the file,
// which run none of its code.
#pragma once

#include <cstdint>
#include <string>

#include "checker/apart.h"
#include "checker/specimen.h"
#include "checker/subject.h"
#include "checker/whereabouts.h"

namespace tasker::checker {

inline Answer failed(const Error& error) { return {Verdict::failed, error.message, std::string(code_text(error.code))}; }

// file_checks.cpp
Answer reads_quickly(const Subject& subject, std::chrono::milliseconds spent);  // of processor time
Answer is_linked_well(const Subject& subject);
Answer lies_in_its_place(const Subject& subject);

// life_checks.cpp: the library and its state
Answer opens(const Subject& subject, Whereabouts& where);
Answer begins(const Subject& subject, Whereabouts& where);
Answer lives_twice(const Subject& subject, Whereabouts& where);
Answer survives_any_configuration(const Subject& subject, Whereabouts& where);
Answer does_without_extensions(const Subject& subject, Whereabouts& where);
Answer leaves_nothing(const Subject& subject, Whereabouts& where);
Answer leaves_memory(const Subject& subject, Whereabouts& where);

// handler_checks.cpp: one step's handler
Answer runs(const Subject& subject, const model::StepTemplate& step, Whereabouts& where);
Answer refuses_bad_input(const Subject& subject, const model::StepTemplate& step, Whereabouts& where);
Answer survives_big_input(const Subject& subject, const model::StepTemplate& step, Whereabouts& where);
Answer stops_when_asked(const Subject& subject, const model::StepTemplate& step, Whereabouts& where);
Answer runs_twice_at_once(const Subject& subject, const model::StepTemplate& step, Whereabouts& where);
Answer answers_once(const Subject& subject, const model::StepTemplate& step, Whereabouts& where);

// fuzz.cpp: so many cases from this one on; `where` has the number of the case that it is at.
Answer survives_cases(const Subject& subject, std::uint64_t first_seed, std::uint64_t cases, Whereabouts& where);

// The rule that every outcome must keep, whatever the input was; nothing: it is kept.
std::optional<Answer> broken_rule(const engine::AttemptOutcome& outcome, const std::string& of_what);

// One step for each handler and configuration: what runs the same code need not be tried again.
std::vector<const model::StepTemplate*> distinct_steps(const model::TaskTemplate& definition);

}  // namespace tasker::checker

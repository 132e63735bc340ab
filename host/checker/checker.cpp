#include "checker/checker.h"

#include <time.h>

#include <algorithm>

#include <spdlog/fmt/fmt.h>

#include "checker/checks.h"

namespace tasker::checker {
namespace {

using std::chrono::milliseconds;

// A child for so many made-up inputs; one that breaks is found by its number.
constexpr std::uint64_t kCasesInAChild = 100;

// A busy machine must not make a plugin look slow.
milliseconds processor_time() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return std::chrono::duration_cast<milliseconds>(std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
}

struct LifeCheck {
  const char* name;
  Answer (*run)(const Subject&, Whereabouts&);
};
constexpr LifeCheck kLifeChecks[] = {{"configuration", survives_any_configuration}, {"two_lives", lives_twice},
                                     {"extensions", does_without_extensions},       {"leaves_nothing", leaves_nothing},
                                     {"leaves_memory", leaves_memory}};

struct HandlerCheck {
  const char* name;
  const char* about;  // when all handlers passed
  Answer (*run)(const Subject&, const model::StepTemplate&, Whereabouts&);
};
constexpr HandlerCheck kHandlerChecks[] = {
    {"runs", nullptr, runs},
    {"bad_input", "what is not JSON, not UTF-8 or not an object is survived, and never tried again for that", refuses_bad_input},
    {"big_input", "1 MiB and 100,000 levels of nesting are survived", survives_big_input},
    {"stop", "an attempt that is asked to stop ends", stops_when_asked},
    {"two_at_once", "attempts may overlap", runs_twice_at_once},
    {"one_answer", "each attempt is answered once", answers_once}};

class Run {
 public:
  Run(Subject subject, const Request& request, const std::function<void(const Finding&)>& each, Whereabouts where)
      : subject_(std::move(subject)), request_(request), each_(each), where_(std::move(where)) {}

  Result<Report> all(milliseconds reading) {
    report_.plugin = subject_.label();
    take(in_this_process("file", reads_quickly(subject_, reading)));
    take(in_this_process("linking", is_linked_well(subject_)));
    take(in_this_process("place", lies_in_its_place(subject_)));
    const bool is_open = of_life({"opens", opens}) == Verdict::passed;
    const bool begun = is_open && of_life({"begins", begins}) == Verdict::passed;
    const std::string why = !is_open ? "it does not open" : "it does not begin with this configuration";
    for (const auto& check : kLifeChecks) {
      const bool needs_start = check.run != survives_any_configuration;
      if (is_open && (begun || !needs_start))
        of_life(check);
      else
        skip(check.name, why);
    }
    for (const auto& check : kHandlerChecks) begun ? of_handlers(check) : skip(check.name, why);
    if (request_.seed) begun ? fuzz(*request_.seed) : skip("fuzz", why);
    if (interruption_) return *interruption_;
    return report_;
  }

 private:
  static Finding in_this_process(const char* name, Answer answer) {
    Finding finding{.check = name, .verdict = answer.verdict, .code = std::move(answer.code), .message = std::move(answer.message)};
    if (finding.verdict == Verdict::failed && finding.code.empty()) finding.code = code_text(Code::plugin_check_failed);
    return finding;
  }

  Finding apart(const char* name, const Body& body) {
    where_.set("");
    if (!interruption_) {
      auto finding = run_apart(name, subject_.limit, where_, request_.interrupted, body);
      if (finding) return std::move(*finding);
      interruption_ = finding.error();
    }
    return {.check = name, .verdict = Verdict::skipped};
  }

  Verdict of_life(const LifeCheck& check) {
    return take(apart(check.name, [&](const auto& folder) { return check.run(subject_.in(folder), where_); }));
  }

  // One line for all handlers: the first that fails, and how many.
  void of_handlers(const HandlerCheck& check) {
    const auto steps = distinct_steps(*subject_.report.definition);
    Finding worst{.check = check.name};
    std::vector<std::string> good;
    std::size_t failures = 0;
    milliseconds took{0};
    for (const auto* step : steps) {
      auto finding = apart(check.name, [&](const auto& folder) { return check.run(subject_.in(folder), *step, where_); });
      took += finding.took;
      if (finding.verdict == Verdict::failed && failures++ == 0) worst = std::move(finding);
      else if (finding.verdict != Verdict::failed) good.push_back(std::move(finding.message));
    }
    worst.took = took;
    if (failures > 1) worst.message += fmt::format("; so do {} more", failures - 1);
    if (failures == 0 && check.about != nullptr) worst.message = fmt::format("{} handler{}: {}", steps.size(), steps.size() == 1 ? "" : "s", check.about);
    if (failures == 0 && check.about == nullptr) worst.message = fmt::format("{}", fmt::join(good, ", "));
    take(std::move(worst));
  }

  Finding cases(std::uint64_t first, std::uint64_t count) {
    return apart("fuzz", [&](const auto& folder) { return survives_cases(subject_.in(folder), first, count, where_); });
  }

  void fuzz(std::uint64_t first) {
    Finding whole{.check = "fuzz"};
    std::uint64_t begin = first;
    for (std::uint64_t done = 0; done < request_.cases && whole.verdict != Verdict::failed; done += kCasesInAChild) {
      begin = first + done;
      auto finding = cases(begin, std::min(kCasesInAChild, request_.cases - done));
      finding.took += whole.took;
      whole = std::move(finding);
    }
    if (whole.verdict == Verdict::failed)
      tell_how_to_repeat(whole, begin);
    else
      whole.message = fmt::format("{} made-up inputs, seeds {} to {}", request_.cases, first, first + request_.cases - 1);
    take(std::move(whole));
  }

  // Alone where that is enough; else with those that it came after in the same process.
  void tell_how_to_repeat(Finding& finding, std::uint64_t begin) {
    const auto seed = where_.number();
    if (interruption_ || seed < begin) return;  // it broke before any of them
    report_.failed_seed = seed;
    const bool is_enough = cases(seed, 1).verdict == Verdict::failed;
    finding.message += "; again: " + (is_enough ? request_.command(seed, 1) : request_.command(begin, seed - begin + 1));
  }

  void skip(const char* name, const std::string& why) { take({.check = name, .verdict = Verdict::skipped, .message = why}); }

  Verdict take(Finding finding) {
    if (interruption_) return finding.verdict;  // what was being tried proves nothing
    switch (finding.verdict) {
      case Verdict::passed: ++report_.passed; break;
      case Verdict::noted: ++report_.noted; break;
      case Verdict::skipped: ++report_.skipped; break;
      case Verdict::failed: ++report_.failed; break;
    }
    each_(finding);
    return finding.verdict;
  }

  const Subject subject_;
  const Request& request_;
  const std::function<void(const Finding&)>& each_;
  Whereabouts where_;
  Report report_;
  std::optional<Error> interruption_;
};

}  // namespace

Result<Report> check_plugin(const Request& request, const std::function<void(const Finding&)>& each) {
  std::error_code failed;
  Subject subject{.config = request.config, .context = request.context, .limit = request.limit};
  subject.file = std::filesystem::canonical(request.file, failed);
  if (failed) return make_error(Code::not_found, "there is no file " + request.file);
  const auto begin = processor_time();
  auto read = plugin::inspect_file(subject.file);
  const auto spent = processor_time() - begin;
  if (!read) {
    const Finding finding{.check = "file", .verdict = Verdict::failed, .code = std::string(code_text(read.error().code)),
                          .message = read.error().message, .took = spent};
    each(finding);
    return Report{.failed = 1};
  }
  subject.report = std::move(*read);
  auto where = Whereabouts::make();
  if (!where) return where.error();
  return Run(std::move(subject), request, each, std::move(*where)).all(spent);
}

}  // namespace tasker::checker

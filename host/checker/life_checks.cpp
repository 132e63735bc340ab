// The library and its state, from opening it to letting it go.
#include <algorithm>
#include <functional>
#include <latch>
#include <thread>

#include <nlohmann/json.hpp>
#include <spdlog/fmt/fmt.h>

#include "checker/checks.h"
#include "checker/surroundings.h"
#include "plugin/invoke.h"

namespace tasker::checker {
namespace {

constexpr std::chrono::seconds kUntilGone{1};
constexpr std::chrono::milliseconds kLookAgain{5};

// A host's threads outlive its plugins, and what a plugin leaves in a thread's memory must not hold it: this one has done its
// work when it is made, and stays.
class LastingThread {
 public:
  explicit LastingThread(std::function<void()> work)
      : thread_([this, work = std::move(work)] {
          work();
          is_done_.count_down();
          may_leave_.wait();
        }) {
    is_done_.wait();
  }
  ~LastingThread() { may_leave_.count_down(); }
  LastingThread(const LastingThread&) = delete;
  LastingThread& operator=(const LastingThread&) = delete;

 private:
  std::latch is_done_{1}, may_leave_{1};
  std::jthread thread_;
};

// A whole life, with an attempt of every handler. Answers whether its library left memory; an error: it did not begin.
Result<bool> live_once(const Subject& subject, Whereabouts& where) {
  where.set("in its init()");
  auto specimen = Specimen::begin(subject, subject.config);
  if (!specimen) return specimen.error();
  const LastingThread thread([&] {
    for (const auto* step : distinct_steps(*subject.report.definition)) {
      where.set("in step " + step->name);
      (*specimen)->run(*step, {.context = subject.context});
    }
  });
  where.set("in its fini()");
  (*specimen)->end();
  where.set("while its library is closed");
  return (*specimen)->unload();
}

// What an author may have meant to write, and what nobody means.
std::vector<std::pair<std::string, std::string>> odd_configurations(const std::string& given) {
  std::vector<std::pair<std::string, std::string>> odd = {
      {"without configuration", "{}"},          {"configuration null", "null"}, {"an array as configuration", "[1, 2]"},
      {"a string as configuration", R"("text")"}, {"a number as configuration", "17"}, {"configuration that is not JSON", "{\"a\": "},
      {"configuration that is not UTF-8", "{\"a\": \"\xff\xfe\"}"}};
  const auto whole = nlohmann::json::parse(given, nullptr, false);
  if (!whole.is_object()) return odd;
  const nlohmann::json values[] = {nullptr, true, -1, 1e300, "", "text", nlohmann::json::array(), nlohmann::json::object()};
  for (const auto& [key, was] : whole.items()) {
    for (const auto& value : values) {
      if (value.type() == was.type()) continue;
      auto changed = whole;
      changed[key] = value;
      odd.emplace_back(fmt::format("configuration with {} = {}", key, value.dump()), changed.dump());
    }
  }
  return odd;
}

// A plugin that refuses its configuration must say why; nothing: it did, or took it.
std::optional<Answer> bad_refusal(const std::string& which, const Error& error) {
  if (error.code != Code::plugin_init_failed) return failed(error);
  if (error.message.starts_with(plugin::kInitThrew))
    return Answer{Verdict::failed, which + ": " + error.message + "; it must answer non-zero instead", std::string(code_text(Code::plugin_threw))};
  if (error.message == plugin::kInitGaveNoReason)
    return Answer{Verdict::failed, which + ": its init() fails without a message; fill in code and message, for whoever has to mend it"};
  return std::nullopt;
}

}  // namespace

std::vector<const model::StepTemplate*> distinct_steps(const model::TaskTemplate& definition) {
  std::vector<const model::StepTemplate*> chosen;
  for (const auto& step : definition.steps) {
    const bool is_known = std::any_of(chosen.begin(), chosen.end(), [&](const auto* other) {
      return other->handler_class == step.handler_class && other->handler_config == step.handler_config;
    });
    if (!is_known) chosen.push_back(&step);
  }
  return chosen;
}

Answer opens(const Subject& subject, Whereabouts& where) {
  where.set("while its library is opened");
  if (const auto opened = Specimen::open(subject); !opened) return failed(opened.error());
  return {Verdict::passed, "opens with everything bound; table, sizes and contract agree; every step has a handler"};
}

Answer begins(const Subject& subject, Whereabouts& where) {
  where.set("in its init()");
  auto specimen = Specimen::begin(subject, subject.config);
  if (!specimen) {
    if (auto bad = bad_refusal("with this configuration", specimen.error())) return *bad;
    return {Verdict::skipped, specimen.error().message + "; give it what it needs with --config"};
  }
  where.set("in its drain() or fini()");
  if (!(*specimen)->end()) return {Verdict::failed, "an attempt is inside, and none was begun"};
  return {Verdict::passed, "init() and fini() come back"};
}

Answer lives_twice(const Subject& subject, Whereabouts& where) {
  std::vector<std::unique_ptr<Specimen>> lives;  // kept open, so that the second life finds what the first one left
  for (const char* life : {"first", "second"}) {
    where.set(fmt::format("in its {} init()", life));
    auto specimen = Specimen::begin(subject, subject.config);
    if (!specimen) return {Verdict::failed, fmt::format("its {} init(): {}", life, specimen.error().message)};
    where.set(fmt::format("in its {} fini()", life));
    (*specimen)->end();
    lives.push_back(std::move(*specimen));
  }
  return {Verdict::passed, "init(), fini(), init(), fini() in one process"};
}

Answer survives_any_configuration(const Subject& subject, Whereabouts& where) {
  std::vector<std::unique_ptr<Specimen>> lives;
  const auto odd = odd_configurations(subject.config);
  std::size_t taken = 0;
  for (const auto& [which, text] : odd) {
    where.set("in init(), " + which);
    auto specimen = Specimen::begin(subject, text);
    if (!specimen) {
      if (auto bad = bad_refusal(which, specimen.error())) return *bad;
      continue;
    }
    ++taken;
    where.set("in fini(), " + which);
    (*specimen)->end();
    lives.push_back(std::move(*specimen));
  }
  return {Verdict::passed, fmt::format("{} odd configurations: {} taken, {} refused with a reason", odd.size(), taken, odd.size() - taken)};
}

Answer does_without_extensions(const Subject& subject, Whereabouts& where) {
  where.set("in its init(), with no extension to be had");
  auto specimen = Specimen::begin(subject, subject.config);
  if (!specimen) return failed(specimen.error());
  for (const auto* step : distinct_steps(*subject.report.definition)) {
    where.set("in step " + step->name + ", with no extension to be had");
    (*specimen)->run(*step, {.context = subject.context});
  }
  const auto asked = (*specimen)->extensions_asked();
  (*specimen)->end();
  if (asked == 0) return {Verdict::passed, "it asks for none"};
  return {Verdict::passed, fmt::format("it asked {} time{}, was told that there is none, and went on", asked, asked == 1 ? "" : "s")};
}

Answer leaves_nothing(const Subject& subject, Whereabouts& where) {
  const auto before = Surroundings::now();
  if (const auto lived = live_once(subject, where); !lived) return failed(lived.error());
  // The kernel lists a thread for a moment after it was joined.
  auto changes = before.changes_to(Surroundings::now());
  for (const auto enough = std::chrono::steady_clock::now() + kUntilGone; !changes.empty() && std::chrono::steady_clock::now() < enough;
       std::this_thread::sleep_for(kLookAgain))
    changes = before.changes_to(Surroundings::now());
  if (changes.empty()) return {Verdict::passed, "threads, descriptors, working directory, locale, signals and environment are as before"};
  return {Verdict::failed, fmt::format("after fini() {}", fmt::join(changes, "; "))};
}

Answer leaves_memory(const Subject& subject, Whereabouts& where) {
  const auto is_gone = live_once(subject, where);
  if (!is_gone) return failed(is_gone.error());
  if (*is_gone) return {Verdict::passed, "its code left memory when it was closed"};
  return {Verdict::failed, "its library stays in memory after it was closed: most often a thread_local object with a destructor, made on a "
                           "host's thread; every version would stay until the host ends"};
}

}  // namespace tasker::checker

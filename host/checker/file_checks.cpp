// What can be seen without running any of its code.
#include <filesystem>

#include <spdlog/fmt/fmt.h>

#include "checker/checks.h"
#include "plugin/file_name.h"
#include "plugin/manifest.h"

namespace tasker::checker {
namespace {

constexpr std::chrono::milliseconds kLongestReading{100};

}  // namespace

Answer reads_quickly(const Subject& subject, std::chrono::milliseconds spent) {
  const auto& task = *subject.report.definition;
  const auto what = fmt::format("{} with {} step{}, {} bytes, read in {} ms", subject.label(), task.steps.size(),
                                task.steps.size() == 1 ? "" : "s", subject.report.file_bytes, spent.count());
  if (spent <= kLongestReading) return {Verdict::passed, what};
  return {Verdict::failed, fmt::format("{}: a host with many plugins has {} ms for each; strip it, or link less into it", what, kLongestReading.count())};
}

Answer is_linked_well(const Subject& subject) {
  const auto& manners = subject.report.manners;
  if (manners.has_executable_stack)
    return {Verdict::failed, "it asks for an executable stack, which the whole host would get; link with -Wl,-z,noexecstack"};
  if (manners.stays_in_memory) return {Verdict::failed, "it is marked NODELETE: no version of it could leave memory; link without -z nodelete"};
  if (manners.has_text_relocations) return {Verdict::failed, "its code has relocations (TEXTREL); compile with -fPIC"};
  if (!manners.binds_at_load)
    return {Verdict::noted, "it does not ask to be bound at load; hosts do so all the same, so link with -Wl,-z,now to hear of missing functions early"};
  return {Verdict::passed, "two exported symbols, bound at load, plain stack, may leave memory"};
}

Answer lies_in_its_place(const Subject& subject) {
  const auto& task = *subject.report.definition;
  const auto wanted = fmt::format("{}/{}-{}.so", task.namespace_name, task.name, task.version.text());
  const auto name = plugin::parse_file_name(task.namespace_name, subject.file.filename().string());
  // What a compiler calls it is its own affair; a host looks at the name that it is delivered under.
  if (!name) return {Verdict::noted, fmt::format("a host takes it as {} in its plugin folder", wanted)};
  if (const auto same = plugin::check_identity(*name, task); !same) return failed(same.error());
  if (subject.file.parent_path().filename() != task.namespace_name)
    return {Verdict::noted, fmt::format("the file's name fits; in a host's plugin folder it belongs to {}", wanted)};
  return {Verdict::passed, wanted};
}

}  // namespace tasker::checker

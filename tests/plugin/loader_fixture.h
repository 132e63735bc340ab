// A loader over an empty folder, with a catalogue in memory that may be told to fail. Tests drop real plugin files
// and wait for the loader's own events, each wait with a deadline.
#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "plugin/loader.h"
#include "support/files.h"

namespace tasker::plugin {

namespace fs = std::filesystem;

// Gives ids as the database would; immutable by (namespace, name, version).
class MemoryCatalogue : public Catalogue {
 public:
  void publish(const PluginRecord& record, const model::TaskTemplate* definition,
               std::function<void(Result<PublishedIds>)> done) override;
  void note_state(const PluginRecord& record) override;
  void find_needed(std::function<void(Result<std::vector<NeededVersion>>)> done) override;
  void find_orders(std::int64_t seen, std::function<void(Result<std::optional<PluginOrders>>)> done) override;
  void ban(const BannedBytes& bytes, std::function<void(Result<void>)> done) override;
  // As an operator: on whatever host.
  void retire(const PluginRecord& record);
  void resume(const PluginRecord& record);
  void retry(const PluginRecord& record);  // lifts the ban
  void pin(const std::string& name, const std::string& version);  // empty: none
  void find_needs(const std::vector<TemplateId>& templates,
                  std::function<void(Result<std::vector<VersionNeed>>)> done) override;
  void set_open_tasks(const std::string& version, std::int64_t tasks);

  PluginOrders orders{1, {}, {}, {}, {}};
  std::vector<std::pair<std::int64_t, RetiredVersion>> retries;  // with their revisions
  bool orders_are_away = false;
  bool bans_are_away = false;
  int failures = 0;                      // so many answers are "database away"
  std::map<TemplateId, std::string> labels;
  std::map<std::string, std::string> sha256;  // by "namespace/name version"; may be filled before the start
  std::map<std::string, std::string> texts;   // digests of workflows, by "namespace/name version" without what it is bound to
  std::vector<PluginRecord> noted;
  std::vector<NeededVersion> needed;     // what find_needed answers
  int asked = 0;                         // how often it did
  bool has_that_text(const PluginRecord& record, const model::TaskTemplate& definition);
  // Versions that some open task has, with how many. Those that are not named have one: nothing is unloaded unasked.
  std::map<std::string, std::int64_t> open_tasks;
  int needs_asked = 0;
  bool holds_needs = false;  // answers that nothing needs them wait in held_needs
  std::vector<std::function<void()>> held_needs;
  std::mutex mutex;
};

class LoaderTest : public ::testing::Test {
 protected:
  LoaderTest();
  ~LoaderTest() override;

  void start();
  void stop();
  void restart();  // another loader over the same folders
  static fs::path fixture(const std::string& file, const std::string& space = "test");
  fs::path folder(const std::string& space = "test");  // made when absent
  // As `cp`: open for writing, write, close.
  void drop(const std::string& file, const std::string& as = "", const std::string& space = "test", const std::string& from = "test");

  // Waits until some record fits; the test fails and shows what there is when none comes.
  PluginRecord wait_for(const std::string& what, const std::function<bool(const PluginRecord&)>& fits);
  PluginRecord wait_for(const std::string& label, PluginState state);  // "test/echo 1.0.0"
  PluginRecord wait_for_refusal(const std::string& name, Code code);
  // Waits for the loader's word of it.
  PluginRecord wait_for_event(const std::string& label, PluginState state);
  void wait_until(const std::string& what, const std::function<bool()>& is_true);
  void forget_events();  // and what the catalogue was told
  // Waits until no record fits.
  void wait_until_gone(const std::string& label);
  int count(const std::string& label, PluginState state);  // events seen so far

  // Runs the handler of a plugin's first step and answers its outcome.
  engine::AttemptOutcome run(const std::string& name, const std::string& version, const std::string& context = "{}");
  engine::AttemptOutcome run(const engine::LoadedTemplate& loaded, const std::string& context = "{}");

  test::TempDir dir_;
  LoaderOptions options_;
  MemoryCatalogue catalogue_;
  Registry registry_;
  std::unique_ptr<Loader> loader_;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t changes_ = 0;
  std::vector<PluginRecord> events_;
};

std::string label(const PluginRecord& record);

}  // namespace tasker::plugin

#include "plugin/registry.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace tasker::plugin {
namespace {

RegistryEntry entry(std::string name, std::string version, int id, bool accepts_tasks = true) {
  RegistryEntry made;
  made.namespace_name = "payments";
  made.name = std::move(name);
  made.version = *Semver::parse(version);
  made.sequence = static_cast<std::uint64_t>(id);
  made.accepts_tasks = accepts_tasks;
  made.loaded.plugin_id = PluginId{id};
  made.loaded.template_id = TemplateId{100 + id};
  return made;
}

class RegistryLookup : public ::testing::Test {
 protected:
  RegistryLookup() {
    registry_.publish({entry("refund", "1.9.0", 1), entry("refund", "1.10.0", 2), entry("refund", "2.0.0-rc.1", 3),
                       entry("refund", "0.9.0+build.7", 4), entry("charge", "3.0.0-beta", 5),
                       entry("old", "1.0.0", 6, false)});
  }
  std::string find(std::string_view name, std::string_view version) {
    const auto found = registry_.find("payments", name, version);
    const auto chosen = registry_.choose("payments", name, version);
    EXPECT_EQ(found.has_value(), chosen.has_value());
    if (found && chosen) {
      EXPECT_EQ(found->loaded.template_id, (*chosen)->template_id);
    }
    return found ? found->version.text() : std::string(code_text(found.error().code));
  }
  Registry registry_;
};

TEST_F(RegistryLookup, WithoutVersionMeansTheNewestStableOne) {
  EXPECT_EQ(find("refund", ""), "1.10.0") << "numbers, not letters, decide; a pre-release is newer but not stable";
  EXPECT_EQ(find("charge", ""), "handler.version_unknown");
}

TEST_F(RegistryLookup, ExactVersionsAndRanges) {
  EXPECT_EQ(find("refund", "1.9.0"), "1.9.0");
  EXPECT_EQ(find("refund", "2.0.0-rc.1"), "2.0.0-rc.1");
  EXPECT_EQ(find("refund", "^1.0"), "1.10.0");
  EXPECT_EQ(find("refund", "~1.9.0"), "1.9.0");
  EXPECT_EQ(find("refund", "<1.10.0"), "1.9.0");
  EXPECT_EQ(find("refund", "0.9.0"), "0.9.0+build.7") << "build metadata does not take part in order";
  EXPECT_EQ(find("refund", "0.9.0+build.8"), "handler.version_unknown");
  EXPECT_EQ(find("refund", "3.0.0"), "handler.version_unknown");
}

class PinnedLookup : public RegistryLookup {
 protected:
  void pin(const std::string& name, const std::string& version) {
    registry_.publish(registry_.entries(), {{"payments", name, version}});
  }
};

TEST_F(PinnedLookup, DecidesForTasksWithoutVersionAndForRangesThatHoldIt) {
  pin("refund", "1.9.0");
  EXPECT_EQ(find("refund", ""), "1.9.0");
  EXPECT_EQ(find("refund", "^1.0"), "1.9.0");
  EXPECT_EQ(find("refund", ">=1.10.0"), "1.10.0") << "it is not in the range";
  EXPECT_EQ(find("refund", "1.10.0"), "1.10.0") << "the client named one";
  pin("refund", "2.0.0-rc.1");
  EXPECT_EQ(find("refund", ""), "2.0.0-rc.1") << "an operator may pin a pre-release";
  EXPECT_EQ(find("charge", ""), "handler.version_unknown") << "others are not concerned";
}

TEST_F(PinnedLookup, TakesNoOtherInItsPlace) {
  pin("refund", "1.5.0");
  EXPECT_EQ(find("refund", ""), "handler.default_unavailable");
  EXPECT_EQ(find("refund", "^1.0"), "handler.default_unavailable");
  EXPECT_EQ(find("refund", "1.9.0"), "1.9.0");
  EXPECT_NE(registry_.find("payments", "refund", "").error().message.find("1.5.0"), std::string::npos);
  pin("old", "1.0.0");
  EXPECT_EQ(find("old", ""), "handler.default_unavailable") << "it drains";
  EXPECT_EQ(find("refund", ""), "1.10.0") << "the pin was taken away";
}

TEST_F(RegistryLookup, SaysWhichPartIsUnknown) {
  EXPECT_EQ(registry_.find("nobody", "refund", "").error().code, Code::namespace_unknown);
  EXPECT_EQ(find("nothing", ""), "handler.unknown");
  EXPECT_FALSE(registry_.find("payments", "refund", "not a version"));
}

TEST_F(RegistryLookup, DrainingVersionsAreClaimedButNotChosen) {
  EXPECT_EQ(find("old", ""), "handler.version_unknown");
  EXPECT_EQ(find("old", "1.0.0"), "handler.version_unknown");
  EXPECT_TRUE(registry_.snapshot()->templates.contains(TemplateId{106}));
  EXPECT_EQ(registry_.snapshot()->plugins->size(), 6u);
}

TEST_F(RegistryLookup, TheBuildActivatedLastStandsForItsVersion) {
  registry_.publish({entry("refund", "1.0.0", 7), entry("refund", "1.0.0+dev.aaaaaaaa", 9), entry("refund", "1.0.0+dev.bbbbbbbb", 8)});
  EXPECT_EQ(find("refund", "1.0.0"), "1.0.0+dev.aaaaaaaa");
  EXPECT_EQ(find("refund", ""), "1.0.0+dev.aaaaaaaa");
  EXPECT_EQ(find("refund", "1.0.0+dev.bbbbbbbb"), "1.0.0+dev.bbbbbbbb");
}

TEST(Registry, EveryChangeIsANewSnapshotAndOldOnesStay) {
  Registry registry;
  const auto empty = registry.snapshot();
  EXPECT_EQ(empty->plugins->size(), 0u);
  const auto before = registry.generation();
  registry.publish({entry("refund", "1.0.0", 1)});
  EXPECT_GT(registry.generation(), before);
  EXPECT_EQ(registry.snapshot()->generation, registry.generation());
  EXPECT_EQ(empty->plugins->size(), 0u);
  EXPECT_EQ(registry.snapshot()->templates.at(TemplateId{101}).plugin_id, PluginId{1});
}

// A thread that chose a version and then sleeps must not keep it in the process.
TEST(Registry, AChosenVersionKeepsNoHandler) {
  class Idle final : public engine::Handler {
    bool is_async() const override { return false; }
    void run(const engine::AttemptInput&, std::function<void(engine::AttemptOutcome)>) override {}
  };
  Registry registry;
  auto one = entry("refund", "1.0.0", 1);
  one.loaded.handlers.push_back(std::make_shared<Idle>());
  const std::weak_ptr<engine::Handler> handler = one.loaded.handlers[0];
  registry.publish({std::move(one)});
  const auto chosen = registry.choose("payments", "refund", "^1");
  ASSERT_TRUE(chosen);
  EXPECT_FALSE(handler.expired());
  registry.publish({});
  EXPECT_TRUE(handler.expired());
  EXPECT_EQ((*chosen)->text, "1.0.0") << "what was chosen stays readable";
  EXPECT_FALSE(registry.choose("payments", "refund", "^1"));
}

TEST(Registry, SeveralRegistriesInOneThread) {
  Registry a, b;
  a.publish({entry("refund", "1.0.0", 1)});
  b.publish({entry("refund", "2.0.0", 2)});
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ((*a.choose("payments", "refund", ""))->text, "1.0.0");
    EXPECT_EQ((*b.choose("payments", "refund", ""))->text, "2.0.0");
  }
}

// Readers on other threads while versions come and go: each sees one snapshot or the next.
TEST(Registry, LookupsWhileItChanges) {
  Registry registry;
  registry.publish({entry("refund", "1.0.0", 1)});
  std::atomic<bool> done = false;
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i)
    readers.emplace_back([&] {
      while (!done) {
        const auto found = registry.choose("payments", "refund", ">=1");
        EXPECT_TRUE(found);
      }
    });
  for (int round = 2; round < 300; ++round)
    registry.publish({entry("refund", "1.0.0", 1), entry("refund", std::to_string(round) + ".0.0", round)});
  done = true;
  for (auto& reader : readers) reader.join();
  EXPECT_EQ((*registry.choose("payments", "refund", ""))->text, "299.0.0");
}

TEST(Registry, WhatWasFoundBeforeIsForgottenWithItsIndex) {
  Registry registry;
  const auto chosen = [&](std::string_view name, std::string_view version) {
    const auto found = registry.choose("payments", name, version);
    return found ? (*found)->text : "none";
  };
  for (int round = 1; round < 50; ++round) {
    const std::string minor = "1." + std::to_string(round) + ".0";
    registry.publish({entry("refund", "1.0.0", 1), entry("refund", minor, 2), entry("charge", "2.0.0", 3)});
    for (int again = 0; again < 2; ++again) {
      EXPECT_EQ(chosen("refund", "^1.0"), minor);
      EXPECT_EQ(chosen("refund", "~1.0"), "1.0.0");
      EXPECT_EQ(chosen("charge", "^1.0"), "none");
      EXPECT_EQ(chosen("charge", ""), "2.0.0");
    }
  }
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(chosen("refund", ">=1.0." + std::to_string(i)), "1.49.0");  // more than it remembers
}

}  // namespace
}  // namespace tasker::plugin

// The tables of a plugin are checked from the outside in, and each fault has its own code.
#include "plugin/loaded_plugin.h"

#include <gtest/gtest.h>

namespace tasker::plugin {
namespace {

std::int32_t nothing_to_init(const tasker_host*, tasker_str, void**, tasker_outcome*) { return 0; }
std::int32_t nothing_to_run(void*, const tasker_call*, tasker_outcome*) { return TASKER_DONE; }
std::int32_t no_hook(void*, const tasker_task*, tasker_outcome*) { return TASKER_DONE; }
void nothing_to_end(void*) {}

class Tables : public ::testing::Test {
 protected:
  Tables() {
    plugin_.struct_size = sizeof(plugin_);
    plugin_.abi_major = TASKER_ABI_MAJOR;
    plugin_.init = &nothing_to_init;
    plugin_.fini = &nothing_to_end;
    plugin_.handlers = handlers_;
    validate_ = handler("OrderProcess::StepHandler::ValidateOrderHandler");
    charge_ = handler("charge");
    add_step("validate", "OrderProcess::StepHandler::ValidateOrderHandler", "validate_order");
    add_step("pay", "Billing::ChargeHandler", "charge");
    add_step("pay_again", "charge", "charge");
  }
  static tasker_handler handler(std::string_view name) {
    tasker_handler made{};
    made.struct_size = sizeof(made);
    made.name = text_of(name);
    made.run = &nothing_to_run;
    return made;
  }
  void add_step(std::string name, std::string handler_class, std::string resolved) {
    auto& step = definition_.steps.emplace_back();
    step.name = std::move(name);
    step.handler_class = std::move(handler_class);
    step.handler = std::move(resolved);
  }
  Code code(std::uint64_t bytes = sizeof(tasker_plugin)) {
    const auto chosen = check_tables(plugin_, bytes, definition_);
    if (chosen) return Code::internal;
    EXPECT_FALSE(chosen.error().message.empty());
    return chosen.error().code;
  }

  tasker_handler validate_{}, charge_{};
  const tasker_handler* handlers_[3] = {&validate_, &charge_, nullptr};
  tasker_plugin plugin_{};
  model::TaskTemplate definition_;
};

TEST_F(Tables, TheExactClassNameComesBeforeTheResolvedOne) {
  const auto chosen = check_tables(plugin_, sizeof(plugin_), definition_);
  ASSERT_TRUE(chosen) << chosen.error().message;
  EXPECT_EQ(*chosen, (std::vector<const tasker_handler*>{&validate_, &charge_, &charge_}));
}

TEST_F(Tables, SizesThatCannotBeTrue) {
  for (const std::uint32_t size : {0u, 8u, static_cast<unsigned>(sizeof(tasker_plugin) - 1), 0xffffffffu}) {
    plugin_.struct_size = size;
    EXPECT_EQ(code(), Code::plugin_bad_table) << size;
  }
  plugin_.struct_size = sizeof(tasker_plugin) + 64;
  EXPECT_EQ(code(), Code::plugin_bad_table) << "more than the file holds";
  EXPECT_EQ(code(sizeof(tasker_plugin) + 64), Code::internal) << "a newer header may have more members";
  charge_.struct_size = 8;
  EXPECT_EQ(code(sizeof(tasker_plugin) + 64), Code::plugin_bad_table);
}

TEST_F(Tables, OtherContracts) {
  plugin_.abi_major = 2;
  EXPECT_EQ(code(), Code::plugin_abi_unsupported);
  plugin_.abi_major = TASKER_ABI_MAJOR;
  plugin_.abi_minor = 99;
  EXPECT_EQ(code(), Code::internal) << "what it was built with is for people";
  plugin_.needs_abi_minor = 99;
  EXPECT_EQ(code(), Code::plugin_abi_unsupported);
}

TEST_F(Tables, AnExtensionThatThisHostLacksIsNamed) {
  const char* const extensions[] = {"tasker.teleport/1", nullptr};
  plugin_.needs_extensions = extensions;
  const auto chosen = check_tables(plugin_, sizeof(plugin_), definition_);
  ASSERT_FALSE(chosen);
  EXPECT_EQ(chosen.error().code, Code::plugin_abi_unsupported);
  EXPECT_NE(chosen.error().message.find("tasker.teleport/1"), std::string::npos) << chosen.error().message;
  plugin_.needs_extensions = extensions + 1;
  EXPECT_EQ(code(), Code::internal);
}

TEST_F(Tables, WhatComesLaterIsRefusedAndNotIgnored) {
  const tasker_part exporter{sizeof(tasker_part), TASKER_PART_EXPORTER};
  const tasker_part* const parts[] = {&exporter, nullptr};
  plugin_.parts = parts;
  EXPECT_EQ(code(), Code::plugin_not_supported_yet);
  plugin_.parts = parts + 1;
  EXPECT_EQ(code(), Code::internal) << "an empty list offers nothing";
  plugin_.task_ended = &no_hook;
  EXPECT_EQ(code(), Code::plugin_not_supported_yet);
  plugin_.task_ended = nullptr;
  charge_.flags = 1u << 7;
  EXPECT_EQ(code(), Code::plugin_not_supported_yet);
}

TEST_F(Tables, MissingFunctions) {
  charge_.run = nullptr;
  EXPECT_EQ(code(), Code::plugin_bad_table);
  charge_.run = &nothing_to_run;
  plugin_.init = nullptr;
  EXPECT_EQ(code(), Code::plugin_bad_table);
  plugin_.init = &nothing_to_init;
  plugin_.handlers = nullptr;
  EXPECT_EQ(code(), Code::plugin_bad_table);
}

TEST_F(Tables, HandlersAndStepsMustMatch) {
  charge_.name = text_of("refund");
  EXPECT_EQ(code(), Code::plugin_handler_missing);
  charge_.name = validate_.name;
  EXPECT_EQ(code(), Code::plugin_bad_table) << "twice";
  charge_.name = {nullptr, 4};
  EXPECT_EQ(code(), Code::plugin_bad_table) << "no name";
  charge_.name = text_of("charge");
  definition_.steps.resize(1);
  EXPECT_EQ(code(), Code::plugin_handler_unknown);
  handlers_[0] = nullptr;
  EXPECT_EQ(code(), Code::plugin_handler_missing);
}

}  // namespace
}  // namespace tasker::plugin

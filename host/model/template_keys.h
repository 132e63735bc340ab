// The keys of a task template by level: what the parser knows, and what a test compares with
// config/template.schema.json. Keys in a `later` list are known and refused as not supported yet.
#pragma once

#include <array>
#include <string_view>

namespace tasker::model::keys {

inline constexpr std::array<std::string_view, 15> kTemplate = {"name",
                                                               "namespace_name",
                                                               "version",
                                                               "description",
                                                               "task_handler_class",
                                                               "module_namespace",
                                                               "default_dependent_system",
                                                               "named_steps",
                                                               "schema",
                                                               "concurrent",
                                                               "handler_config",
                                                               "custom_events",
                                                               "environments",
                                                               "step_templates",
                                                               "retry"};
inline constexpr std::array<std::string_view, 1> kTemplateLater = {"limits"};

inline constexpr std::array<std::string_view, 12> kStep = {"name",
                                                           "handler_class",
                                                           "description",
                                                           "depends_on_step",
                                                           "depends_on_steps",
                                                           "dependent_system",
                                                           "default_retryable",
                                                           "default_retry_limit",
                                                           "skippable",
                                                           "handler_config",
                                                           "custom_events",
                                                           "retry"};
inline constexpr std::array<std::string_view, 4> kStepLater = {"timeouts", "max_concurrency", "result_schema",
                                                               "on_parent_failure"};

// backoff: table, exponential or constant. Seconds may have a fraction.
inline constexpr std::array<std::string_view, 5> kRetry = {"backoff", "base_seconds", "cap_seconds",
                                                           "multiplier", "jitter"};
inline constexpr std::array<std::string_view, 2> kCustomEvent = {"name", "description"};
inline constexpr std::array<std::string_view, 1> kEnvironment = {"step_templates"};
inline constexpr std::array<std::string_view, 2> kEnvironmentStep = {"name", "handler_config"};

}  // namespace tasker::model::keys

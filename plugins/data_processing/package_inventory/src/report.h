// The report, from the results of all steps: one JSON object, and the same as Markdown for people. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace package_inventory {

// `report` has the members totals, sections, maintainers, most_wanted, orphans_by_section, orphans; README.md
// says what is in them.
std::string to_markdown(const nlohmann::json& report);

}  // namespace package_inventory

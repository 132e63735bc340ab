#include "report.h"

#include <nlohmann/json.hpp>
#include <vector>

namespace package_inventory {
namespace {

using nlohmann::json;

constexpr std::size_t kLongestTable = 40;  // the JSON report has all rows

struct Column {
  const char* title;
  const char* member;
};

std::string cell(const json& value) {
  std::string text = value.is_string() ? value.get<std::string>() : value.dump();
  // What would end the cell, or be taken for an HTML tag: "Name <address>".
  for (auto at = text.find_first_of("|<"); at != std::string::npos; at = text.find_first_of("|<", at + 2))
    text.insert(at, 1, '\\');
  return text;
}

std::string table(const std::string& title, const json& rows, const std::vector<Column>& columns) {
  std::string text = "\n## " + title + "\n\n|";
  for (const auto& column : columns) text += std::string(" ") + column.title + " |";
  text += "\n|";
  for (std::size_t i = 0; i < columns.size(); ++i) text += i == 0 ? " --- |" : " ---: |";
  text += "\n";
  for (std::size_t i = 0; i < rows.size() && i < kLongestTable; ++i) {
    text += "|";
    for (const auto& column : columns) text += " " + cell(rows[i].at(column.member)) + " |";
    text += "\n";
  }
  if (rows.size() > kLongestTable)
    text += "\nand " + std::to_string(rows.size() - kLongestTable) + " more in the JSON report.\n";
  return text;
}

}  // namespace

std::string to_markdown(const json& report) {
  std::string text = "# Packages of this machine\n\n";
  for (const auto& [name, value] : report.at("totals").items())
    text += "- " + name + ": " + cell(value) + "\n";
  text += table("Sections", report.at("sections"),
                {{"Section", "name"}, {"Packages", "packages"}, {"Installed KiB", "installed_kib"}});
  text += table("Maintainers", report.at("maintainers"),
                {{"Maintainer", "name"}, {"Packages", "packages"}, {"Installed KiB", "installed_kib"}});
  text +=
      table("Most wanted", report.at("most_wanted"), {{"Package", "name"}, {"Asked for by", "dependents"}});
  text += table("Orphans by section", report.at("orphans_by_section"),
                {{"Section", "name"},
                 {"Orphans", "orphans"},
                 {"Packages", "packages"},
                 {"Installed KiB", "installed_kib"}});
  text += table("Orphans", report.at("orphans"),
                {{"Package", "name"}, {"Section", "section"}, {"Installed KiB", "installed_kib"}});
  return text;
}

}  // namespace package_inventory

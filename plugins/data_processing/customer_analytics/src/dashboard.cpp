#include "dashboard.h"

#include "shop/money.h"
#include "shop/text.h"

namespace customer_analytics {
namespace {

using tasker::Json;

constexpr std::size_t kLongestTable = 20;  // the JSON has all rows

std::string cell(const Json& value) {
  return "<td>" + shop::escape_html(value.is_string() ? value.get<std::string>() : value.dump()) + "</td>";
}

std::string table(const char* title, const Json& rows, const char* name, const char* count,
                  const char* cents) {
  std::string html = "<h2>" + std::string(title) + "</h2>\n<table>\n";
  for (std::size_t i = 0; i < rows.size() && i < kLongestTable; ++i)
    html += "<tr>" + cell(rows[i].at(name)) + cell(rows[i].at(count)) +
            cell(shop::format_money(rows[i].at(cents), "EUR")) + "</tr>\n";
  return html + "</table>\n";
}

}  // namespace

std::string to_html(const Json& dashboard) {
  std::string html =
      "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><title>Customers and "
      "products</title></head><body>\n<h1>" +
      shop::escape_html(dashboard.at("from").get<std::string>() + " to " +
                        dashboard.at("to").get<std::string>()) +
      "</h1>\n<ul>\n";
  for (const auto& sentence : dashboard.at("insights").at("sentences"))
    html += "<li>" + shop::escape_html(sentence.get<std::string>()) + "</li>\n";
  return html + "</ul>\n" +
         table("Customers", dashboard.at("customers"), "user_id", "orders", "spent_cents") +
         table("Products", dashboard.at("products"), "title", "units", "revenue_cents") + "</body></html>\n";
}

}  // namespace customer_analytics

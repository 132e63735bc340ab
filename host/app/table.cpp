#include "app/table.h"

namespace tasker::app {
namespace {

// Code points, which is right for all but wide and combining characters.
std::size_t width(const std::string& text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return count;
}

constexpr std::size_t kGap = 2;       // between columns
constexpr std::size_t kFewest = 2;    // a row without its name and state says nothing

std::size_t columns_that_fit(const std::vector<std::size_t>& widths, std::size_t room) {
  std::size_t used = 0, columns = 0;
  for (; columns < widths.size(); ++columns) {
    used += widths[columns] + (columns == 0 ? 0 : kGap);
    if (used > room && columns >= kFewest) break;
  }
  return columns;
}

}  // namespace

void Table::add(std::vector<std::string> row) {
  row.resize(headings_.size());
  for (auto& cell : row) cell = printable(cell);
  rows_.push_back(std::move(row));
}

std::string Table::render(const Terminal& terminal) const {
  std::string out;
  if (!terminal.is_tty) {
    for (const auto& row : rows_)
      for (std::size_t i = 0; i < row.size(); ++i) {
        const bool coloured = i == state_column_ && terminal.colour;
        out += (coloured ? in_state_colour(row[i], row[i], true) : row[i]) + (i + 1 < row.size() ? '\t' : '\n');
      }
    return out;
  }
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < headings_.size(); ++i) {
    widths.push_back(width(headings_[i]));
    for (const auto& row : rows_) widths[i] = std::max(widths[i], width(row[i]));
  }
  const std::size_t columns = is_fitted_ ? columns_that_fit(widths, static_cast<std::size_t>(terminal.columns)) : headings_.size();
  const auto add_line = [&](const std::vector<std::string>& cells, bool heading) {
    for (std::size_t i = 0; i < columns; ++i) {
      const bool coloured = i == state_column_ && !heading;
      out += coloured ? in_state_colour(cells[i], cells[i], terminal.colour) : cells[i];
      if (i + 1 < columns) out += std::string(widths[i] - width(cells[i]) + kGap, ' ');
    }
    out += '\n';
  };
  add_line(headings_, true);
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    add_line(rows_[i], false);
    if (const auto note = notes_.find(i); note != notes_.end())
      for (const auto& line : broken_at("    " + note->second, terminal.columns, 4)) out += line + "\n";
  }
  return out;
}

}  // namespace tasker::app

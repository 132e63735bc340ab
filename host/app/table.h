// Rows for people and for pipes: aligned under headings on a terminal, tab separated without headings elsewhere.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "app/terminal.h"

namespace tasker::app {

class Table {
 public:
  explicit Table(std::vector<std::string> headings) : headings_(std::move(headings)) {}
  void add(std::vector<std::string> row);  // as many cells as headings; made printable here
  // Below the last row on a terminal, indented; a pipe has it in cells.
  void add_note(const std::string& note) { notes_[rows_.size() - 1] = printable(note); }
  // The cells of this column are states and get their colour.
  void colour_column(std::size_t column) { state_column_ = column; }
  // On a terminal, leave out the last columns that do not fit; data and `wide` keep all.
  void fit() { is_fitted_ = true; }
  std::string render(const Terminal& terminal) const;

 private:
  std::vector<std::string> headings_;
  std::vector<std::vector<std::string>> rows_;
  std::map<std::size_t, std::string> notes_;  // by row
  std::size_t state_column_ = static_cast<std::size_t>(-1);
  bool is_fitted_ = false;
};

}  // namespace tasker::app

// Reads the members of one YAML mapping as typed values and remembers what is wrong, with its place and its
// path: `file:line:column: step_templates[1].retry.jitter: must be a number from 0 to 1`.
// Reading goes on after a fault with defaults, so that callers stay straight; whoever began asks
// problems.any() at the end.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/yaml_tree.h"

namespace tasker::model {

class Problems {
 public:
  explicit Problems(std::string_view file_name) : file_(file_name) {}
  // One a place: what follows from it is no news. At most kMost are kept, and by_line() says how many more there are.
  void add(Code code, int line, int column, std::string_view path, std::string_view problem);
  bool any() const { return !found_.empty(); }
  const Error& first() const { return found_.front().error; }  // the first that was added
  std::vector<Error> by_line() const;

  static constexpr std::size_t kMost = 100;

 private:
  struct Found {
    int line, column;
    std::string path;
    Error error;
  };
  std::string file_;
  std::vector<Found> found_;
  std::size_t left_out_ = 0;
};

class Fields {
 public:
  // Anything but a mapping is a problem, and reads as an empty one.
  Fields(Problems& problems, const yaml::Node& node, std::string path);

  // Refuses what is in neither list; `later` are keys that are known but have no effect yet.
  void allow(std::span<const std::string_view> known, std::span<const std::string_view> later = {});

  const yaml::Node* find(std::string_view key) const { return node_->find(key); }
  std::string path(std::string_view key) const;
  void fail(std::string_view key, std::string_view problem, Code code = Code::template_invalid) const;
  // Beside another node of this mapping.
  void fail_at(const yaml::Node& place, std::string_view path, std::string_view problem,
               Code code = Code::template_invalid) const;

  std::string text(std::string_view key, std::string_view absent = "") const;
  std::string required_text(std::string_view key) const;
  std::vector<const yaml::Node*> text_list(std::string_view key) const;
  bool flag(std::string_view key, bool absent) const;
  int integer(std::string_view key, int absent, int least, int most) const;
  double number(std::string_view key, double absent, double least, double most) const;
  const yaml::Node* mapping(std::string_view key) const;
  std::span<const yaml::Node> list(std::string_view key) const;

  Problems& problems() const { return *problems_; }

 private:
  Problems* problems_;
  const yaml::Node* node_;
  std::string path_;
};

}  // namespace tasker::model

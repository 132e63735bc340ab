// YAML text as a tree with places, read strictly: duplicate keys, merge keys (`<<`), further documents,
// foreign tags and depths over 100 are refused; the library underneath lets them pass. Plain scalars are
// typed by the core rules of YAML 1.2, quoted ones are strings, numbers keep their digits. The only file that
// includes yaml-cpp is yaml_tree.cpp. Used for templates and the configuration file. [any] thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tasker::yaml {

enum class Kind { null, boolean, integer, real, string, sequence, mapping };

// "a string", "a mapping": for sentences.
std::string_view kind_word(Kind kind);

struct Entry;

struct Node {
  Kind kind = Kind::null;
  std::string text;  // strings: the characters; other scalars: as in JSON
  int line = 0;      // 1..
  int column = 0;    // 1..
  std::vector<Node> items;
  std::vector<Entry> entries;  // in the order of the text

  bool is(Kind other) const { return kind == other; }
  const Node* find(std::string_view key) const;
};

struct Entry {
  std::string key;
  int line = 0;
  int column = 0;
  Node value;
};

struct Limits {
  std::size_t max_bytes = 4u << 20;
  int max_depth = 100;
  std::size_t max_nodes = 1'000'000;  // aliases count with all they stand for
};

// An empty text is a null node. Errors carry `code` and read `file:line:column: ...`.
Result<Node> parse(std::string_view text, std::string_view file_name, Code code, const Limits& limits = {});

// Compact JSON: mappings in their order, numbers as written.
std::string to_json(const Node& node);

// Lays `over` on `base`: mappings are merged member by member, anything else is replaced.
void merge(Node& base, const Node& over);

// The candidate that `word` is most likely a misspelling of; empty when none is near.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace tasker::yaml

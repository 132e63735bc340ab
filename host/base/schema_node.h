// A compiled JSON Schema as a graph of nodes: what json_schema.cpp evaluates and schema_compiler.cpp builds.
// Internal to base; immutable once compiled.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <re2/re2.h>

#include "base/json_value.h"

namespace tasker::schema {

struct Node;

// "key present -> these must be too", or "-> this schema must hold".
struct Dependency {
  std::string key;
  std::vector<std::string> required;
  const Node* node = nullptr;
};

struct Node {
  std::optional<bool> fixed;  // the schemas `true` and `false`
  const Node* ref = nullptr;  // in draft 7 nothing beside a $ref counts

  unsigned types = 0;  // bits by JsonKind, kIntegerBit; 0: any
  std::string types_text;
  std::optional<std::vector<std::string>> allowed;  // canonical texts of enum and const
  std::string allowed_text;

  std::optional<json::Decimal> minimum, maximum, exclusive_minimum, exclusive_maximum, multiple_of;
  std::optional<std::uint64_t> min_length, max_length, min_items, max_items, min_properties, max_properties;
  std::shared_ptr<const re2::RE2> pattern;
  std::shared_ptr<const re2::RE2> format;
  std::string format_name;

  const Node* items = nullptr;     // one schema for all
  std::vector<const Node*> tuple;  // or one by place
  bool has_tuple = false;
  const Node* additional_items = nullptr;
  const Node* contains = nullptr;
  bool unique_items = false;

  std::map<std::string, const Node*, std::less<>> properties;
  std::vector<std::pair<std::shared_ptr<const re2::RE2>, const Node*>> pattern_properties;
  const Node* additional_properties = nullptr;
  const Node* property_names = nullptr;
  std::vector<std::string> required;
  std::vector<Dependency> dependencies;

  const Node* condition = nullptr;  // if
  const Node* then_node = nullptr;
  const Node* else_node = nullptr;
  std::vector<const Node*> all_of, any_of, one_of;
  const Node* not_node = nullptr;

  std::optional<std::string> default_text;
};

inline constexpr unsigned kIntegerBit = 1u << 8;
inline constexpr unsigned type_bit(JsonKind kind) {
  return 1u << static_cast<unsigned>(kind);
}

struct Graph {
  std::vector<std::unique_ptr<Node>> nodes;
  const Node* root = nullptr;
};

// Errors name the JSON pointer inside the schema.
Result<Graph> compile(std::string_view schema_text);

}  // namespace tasker::schema

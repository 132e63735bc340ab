#include <algorithm>
#include <array>
#include <set>
#include <unordered_map>

#include <fmt/format.h>

#include "base/schema_node.h"

namespace tasker::schema {
namespace {

using json::Value;

constexpr std::size_t kMaxSchemaBytes = 256u << 10;
constexpr std::size_t kMaxPatternBytes = 1024;
constexpr std::size_t kMaxMultipleDigits = 17;
constexpr int kMaxDepth = 500;

constexpr std::array<std::pair<std::string_view, unsigned>, 7> kTypes = {{
    {"object", type_bit(JsonKind::object)},
    {"array", type_bit(JsonKind::array)},
    {"string", type_bit(JsonKind::string)},
    {"number", type_bit(JsonKind::number)},
    {"boolean", type_bit(JsonKind::boolean)},
    {"null", type_bit(JsonKind::null)},
    {"integer", kIntegerBit},
}};

#define TASKER_DATE R"(\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01]))"
#define TASKER_TIME R"(([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d))"
// Formats that are checked; others are annotations, as the specification allows.
constexpr std::array<std::pair<std::string_view, const char*>, 7> kFormats = {{
    {"date", "^" TASKER_DATE "$"},
    {"time", "^" TASKER_TIME "$"},
    {"date-time", "^" TASKER_DATE "[Tt]" TASKER_TIME "$"},
    {"email", R"(^[^@\s]+@[^@\s]+$)"},
    {"uuid", "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"},
    {"ipv4", R"(^((25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(\.(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3})$)"},
    {"uri", R"(^[A-Za-z][A-Za-z0-9+.-]*:\S*$)"},
}};
#undef TASKER_DATE
#undef TASKER_TIME

// Thrown and caught inside this file only: the walk is recursive and its first fault ends it.
struct Fault {
  std::string pointer;
  std::string problem;
};

std::string escape_pointer(std::string_view key) {
  std::string out;
  for (char c : key) {
    if (c == '~')
      out.append("~0");
    else if (c == '/')
      out.append("~1");
    else
      out.push_back(c);
  }
  return out;
}

class Compiler {
 public:
  explicit Compiler(const Value& root) : root_(root) {}

  Graph run() {
    graph_.root = compile(root_, "");
    refuse_endless_references();
    return std::move(graph_);
  }

 private:
  // The depth is bounded apart from the text's nesting: references can chain far deeper than the text is
  // nested.
  const Node* compile(const Value& schema, const std::string& at) {
    if (const auto known = by_value_.find(&schema); known != by_value_.end()) return known->second;
    if (depth_ == kMaxDepth) throw Fault{at, "schemas and references are nested too deeply"};
    ++depth_;
    const Node* node = compile_new(schema, at);
    --depth_;
    return node;
  }

  const Node* compile_new(const Value& schema, const std::string& at) {
    Node& node = *graph_.nodes.emplace_back(std::make_unique<Node>());
    by_value_.emplace(&schema, &node);
    pointers_.emplace(&node, at);
    if (schema.is(JsonKind::boolean)) {
      node.fixed = schema.text == "true";
      return &node;
    }
    if (!schema.is(JsonKind::object)) throw Fault{at, "a schema must be an object or a boolean"};
    if (at != "" && schema.find("$id")) throw Fault{at + "/$id", "$id is supported at the root only"};
    if (const Value* ref = schema.find("$ref")) {
      node.ref = resolve(*ref, at + "/$ref");
      // Beside a $ref nothing constrains, but a default there is what its author meant.
      if (const Value* value = schema.find("default")) node.default_text = std::string(value->text);
      return &node;
    }
    annotations(schema, node, at);
    general(schema, node, at);
    numbers(schema, node, at);
    strings(schema, node, at);
    arrays(schema, node, at);
    objects(schema, node, at);
    combinations(schema, node, at);
    return &node;
  }

  const Node* resolve(const Value& ref, const std::string& at) {
    if (!ref.is(JsonKind::string)) throw Fault{at, "$ref must be a string"};
    std::string_view target = ref.string;
    if (!target.starts_with("#")) {
      throw Fault{at,
                  fmt::format("the reference \"{}\" leads outside this schema; only # and #/... are possible",
                              target)};
    }
    target.remove_prefix(1);
    const Value* found = &root_;
    if (!target.empty() && target[0] != '/')
      throw Fault{at, "named anchors are not supported; write a JSON pointer: #/definitions/name"};
    while (!target.empty() && found) {
      target.remove_prefix(1);
      std::string_view token = target.substr(0, target.find('/'));
      target.remove_prefix(token.size());
      found = child(*found, unescape(token));
    }
    if (!found)
      throw Fault{at, fmt::format("the reference \"{}\" points to nothing in this schema", ref.string)};
    return compile(*found, ref.string.substr(1));
  }

  static const Value* child(const Value& value, const std::string& token) {
    if (value.is(JsonKind::object)) return value.find(token);
    if (!value.is(JsonKind::array) || token.empty() || token.size() > 6) return nullptr;
    if (token.find_first_not_of("0123456789") != std::string::npos) return nullptr;
    const auto index = static_cast<std::size_t>(std::stoul(token));
    return index < value.items.size() ? &value.items[index] : nullptr;
  }

  // The fragment of a URI that is a JSON pointer: %xx, ~1 and ~0.
  static std::string unescape(std::string_view token) {
    std::string out;
    for (std::size_t i = 0; i < token.size(); ++i) {
      if (token[i] == '~' && i + 1 < token.size()) {
        out.push_back(token[++i] == '1' ? '/' : '~');
      } else if (token[i] == '%' && i + 2 < token.size() &&
                 std::isxdigit(static_cast<unsigned char>(token[i + 1])) &&
                 std::isxdigit(static_cast<unsigned char>(token[i + 2]))) {
        out.push_back(static_cast<char>(std::stoi(std::string(token.substr(i + 1, 2)), nullptr, 16)));
        i += 2;
      } else {
        out.push_back(token[i]);
      }
    }
    return out;
  }

  static const Value* expect(const Value& schema, std::string_view key, JsonKind kind, std::string_view word,
                             const std::string& at) {
    const Value* value = schema.find(key);
    if (value && !value->is(kind))
      throw Fault{fmt::format("{}/{}", at, key), fmt::format("{} must be {}", key, word)};
    return value;
  }

  void annotations(const Value& schema, Node& node, const std::string& at) {
    for (std::string_view key :
         {"$id", "$schema", "$comment", "title", "description", "contentMediaType", "contentEncoding"}) {
      expect(schema, key, JsonKind::string, "a string", at);
    }
    for (std::string_view key : {"readOnly", "writeOnly"})
      expect(schema, key, JsonKind::boolean, "true or false", at);
    expect(schema, "examples", JsonKind::array, "an array", at);
    if (const Value* value = schema.find("default")) node.default_text = std::string(value->text);
    // Checked even where nothing refers to them: a mistake shows at load.
    if (const Value* definitions =
            expect(schema, "definitions", JsonKind::object, "an object of schemas", at)) {
      for (const auto& member : definitions->members) {
        compile(member.value, at + "/definitions/" + escape_pointer(member.key));
      }
    }
  }

  void general(const Value& schema, Node& node, const std::string& at) {
    if (const Value* type = schema.find("type")) types(*type, node, at + "/type");
    std::vector<std::string> allowed;
    const Value* choices = expect(schema, "enum", JsonKind::array, "an array", at);
    if (choices) {
      if (choices->items.empty()) throw Fault{at + "/enum", "enum must name at least one value"};
      for (const Value& choice : choices->items) {
        allowed.push_back(json::canonical(choice));
        if (!node.allowed_text.empty()) node.allowed_text.append(", ");
        node.allowed_text.append(choice.text);
      }
    }
    if (const Value* constant = schema.find("const")) {
      std::string only = json::canonical(*constant);
      if (choices && std::ranges::find(allowed, only) == allowed.end()) {
        throw Fault{at + "/const", "const is not among the values of enum: nothing can be valid"};
      }
      allowed = {std::move(only)};
      node.allowed_text = constant->text;
    }
    if (allowed.empty()) return;
    std::ranges::sort(allowed);
    node.allowed = std::move(allowed);
  }

  static void types(const Value& type, Node& node, const std::string& at) {
    const auto add = [&](const Value& word) {
      const auto found =
          std::ranges::find(kTypes, word.string, &std::pair<std::string_view, unsigned>::first);
      if (!word.is(JsonKind::string) || found == kTypes.end()) {
        throw Fault{
            at, fmt::format("unknown type {}; allowed: object, array, string, number, integer, boolean, null",
                            word.text)};
      }
      node.types |= found->second;
      if (!node.types_text.empty()) node.types_text.append(" or ");
      node.types_text.append(found->first);
    };
    if (!type.is(JsonKind::array)) return add(type);
    if (type.items.empty()) throw Fault{at, "type must name at least one type"};
    for (const Value& word : type.items) add(word);
  }

  static void number(const Value& schema, std::string_view key, std::optional<json::Decimal>& out,
                     const std::string& at) {
    if (const Value* value = expect(schema, key, JsonKind::number, "a number", at))
      out = json::Decimal::of(value->text);
  }

  static void count(const Value& schema, std::string_view key, std::optional<std::uint64_t>& out,
                    const std::string& at) {
    std::optional<json::Decimal> value;
    number(schema, key, value, at);
    if (!value) return;
    if (value->negative || !value->is_integer() || value->exponent > 18) {
      throw Fault{fmt::format("{}/{}", at, key), fmt::format("{} must be an integer of 0 or more", key)};
    }
    std::string digits = value->digits.empty() ? "0" : value->digits;
    digits.append(static_cast<std::size_t>(value->exponent) - value->digits.size(), '0');
    out = std::stoull(digits);
  }

  static void numbers(const Value& schema, Node& node, const std::string& at) {
    number(schema, "minimum", node.minimum, at);
    number(schema, "maximum", node.maximum, at);
    number(schema, "exclusiveMinimum", node.exclusive_minimum, at);
    number(schema, "exclusiveMaximum", node.exclusive_maximum, at);
    number(schema, "multipleOf", node.multiple_of, at);
    if (!node.multiple_of) return;
    if (node.multiple_of->negative || node.multiple_of->is_zero())
      throw Fault{at + "/multipleOf", "multipleOf must be greater than 0"};
    if (node.multiple_of->digits.size() > kMaxMultipleDigits)
      throw Fault{at + "/multipleOf", "multipleOf has more than 17 digits"};
  }

  static std::shared_ptr<const re2::RE2> regex(std::string_view pattern, const std::string& at) {
    if (pattern.size() > kMaxPatternBytes) throw Fault{at, "the pattern is longer than 1,024 bytes"};
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(1 << 20);
    auto compiled =
        std::make_shared<const re2::RE2>(re2::StringPiece(pattern.data(), pattern.size()), options);
    if (!compiled->ok()) {
      throw Fault{
          at, fmt::format("the pattern cannot be used: {} (RE2 has no look-around and no back-references)",
                          compiled->error())};
    }
    return compiled;
  }

  static void strings(const Value& schema, Node& node, const std::string& at) {
    count(schema, "minLength", node.min_length, at);
    count(schema, "maxLength", node.max_length, at);
    if (const Value* pattern = expect(schema, "pattern", JsonKind::string, "a string", at)) {
      node.pattern = regex(pattern->string, at + "/pattern");
    }
    if (const Value* format = expect(schema, "format", JsonKind::string, "a string", at)) {
      const auto found =
          std::ranges::find(kFormats, format->string, &std::pair<std::string_view, const char*>::first);
      if (found == kFormats.end()) return;
      node.format = regex(found->second, at);
      node.format_name = format->string;
    }
  }

  const Node* optional_node(const Value& schema, std::string_view key, const std::string& at) {
    const Value* value = schema.find(key);
    return value ? compile(*value, fmt::format("{}/{}", at, key)) : nullptr;
  }

  std::vector<const Node*> node_list(const Value& list, std::string_view key, const std::string& at) {
    if (!list.is(JsonKind::array) || list.items.empty()) {
      throw Fault{fmt::format("{}/{}", at, key),
                  fmt::format("{} must be an array of at least one schema", key)};
    }
    std::vector<const Node*> nodes;
    for (std::size_t i = 0; i < list.items.size(); ++i) {
      nodes.push_back(compile(list.items[i], fmt::format("{}/{}/{}", at, key, i)));
    }
    return nodes;
  }

  void arrays(const Value& schema, Node& node, const std::string& at) {
    count(schema, "minItems", node.min_items, at);
    count(schema, "maxItems", node.max_items, at);
    if (const Value* unique = expect(schema, "uniqueItems", JsonKind::boolean, "true or false", at)) {
      node.unique_items = unique->text == "true";
    }
    if (const Value* items = schema.find("items"); items && items->is(JsonKind::array)) {
      node.has_tuple = true;
      node.tuple = node_list(*items, "items", at);
    } else {
      node.items = optional_node(schema, "items", at);
    }
    node.additional_items = optional_node(schema, "additionalItems", at);
    node.contains = optional_node(schema, "contains", at);
  }

  static std::vector<std::string> names(const Value& list, const std::string& at) {
    if (!list.is(JsonKind::array)) throw Fault{at, "must be an array of member names"};
    std::vector<std::string> out;
    for (const Value& name : list.items) {
      if (!name.is(JsonKind::string)) throw Fault{at, "must be an array of member names"};
      if (std::ranges::find(out, name.string) != out.end())
        throw Fault{at, fmt::format("\"{}\" is named twice", name.string)};
      out.push_back(name.string);
    }
    return out;
  }

  void objects(const Value& schema, Node& node, const std::string& at) {
    count(schema, "minProperties", node.min_properties, at);
    count(schema, "maxProperties", node.max_properties, at);
    if (const Value* required = schema.find("required")) node.required = names(*required, at + "/required");
    if (const Value* all = expect(schema, "properties", JsonKind::object, "an object of schemas", at)) {
      for (const auto& [key, value] : all->members) {
        node.properties[key] = compile(value, at + "/properties/" + escape_pointer(key));
      }
    }
    if (const Value* all =
            expect(schema, "patternProperties", JsonKind::object, "an object of schemas", at)) {
      for (const auto& [key, value] : all->members) {
        const std::string place = at + "/patternProperties/" + escape_pointer(key);
        auto pattern = regex(key, place);
        node.pattern_properties.emplace_back(std::move(pattern), compile(value, place));
      }
    }
    node.additional_properties = optional_node(schema, "additionalProperties", at);
    node.property_names = optional_node(schema, "propertyNames", at);
    if (const Value* all = expect(schema, "dependencies", JsonKind::object, "an object", at)) {
      for (const auto& [key, value] : all->members) {
        const std::string place = at + "/dependencies/" + escape_pointer(key);
        Dependency dependency{key, {}, nullptr};
        if (value.is(JsonKind::array))
          dependency.required = names(value, place);
        else
          dependency.node = compile(value, place);
        node.dependencies.push_back(std::move(dependency));
      }
    }
  }

  void combinations(const Value& schema, Node& node, const std::string& at) {
    node.condition = optional_node(schema, "if", at);
    node.then_node = optional_node(schema, "then", at);
    node.else_node = optional_node(schema, "else", at);
    node.not_node = optional_node(schema, "not", at);
    if (const Value* list = schema.find("allOf")) node.all_of = node_list(*list, "allOf", at);
    if (const Value* list = schema.find("anyOf")) node.any_of = node_list(*list, "anyOf", at);
    if (const Value* list = schema.find("oneOf")) node.one_of = node_list(*list, "oneOf", at);
  }

  // Schemas that a node applies to the same value. A circle of these would never end.
  static std::vector<const Node*> applied_in_place(const Node& node) {
    std::vector<const Node*> out{node.ref, node.condition, node.then_node, node.else_node, node.not_node};
    for (const auto* list : {&node.all_of, &node.any_of, &node.one_of})
      out.insert(out.end(), list->begin(), list->end());
    for (const Dependency& dependency : node.dependencies) out.push_back(dependency.node);
    std::erase(out, nullptr);
    return out;
  }

  void refuse_endless_references() {
    enum class Mark { fresh, open, done };
    std::unordered_map<const Node*, Mark> marks;
    struct Visit {
      const Node* node;
      std::vector<const Node*> next;
    };
    for (const auto& start : graph_.nodes) {
      if (marks[start.get()] != Mark::fresh) continue;
      std::vector<Visit> path{{start.get(), applied_in_place(*start)}};
      marks[start.get()] = Mark::open;
      while (!path.empty()) {
        if (path.back().next.empty()) {
          marks[path.back().node] = Mark::done;
          path.pop_back();
          continue;
        }
        const Node* next = path.back().next.back();
        path.back().next.pop_back();
        if (marks[next] == Mark::open)
          throw Fault{pointers_[next], "the reference leads back to itself without entering the value"};
        if (marks[next] == Mark::done) continue;
        marks[next] = Mark::open;
        path.push_back({next, applied_in_place(*next)});
      }
    }
  }

  const Value& root_;
  int depth_ = 0;
  Graph graph_;
  std::unordered_map<const Value*, const Node*> by_value_;
  std::unordered_map<const Node*, std::string> pointers_;
};

}  // namespace

Result<Graph> compile(std::string_view schema_text) {
  const auto root = json::parse(schema_text, JsonLimits{.max_bytes = kMaxSchemaBytes});
  if (!root)
    return make_error(Code::invalid_argument, "the JSON Schema cannot be read: " + root.error().message);
  try {
    return Compiler(*root).run();
  } catch (const Fault& fault) {
    return make_error(Code::invalid_argument,
                      fmt::format("JSON Schema at \"{}\": {}", fault.pointer, fault.problem));
  }
}

}  // namespace tasker::schema

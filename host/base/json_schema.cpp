#include "base/json_schema.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/schema_node.h"

namespace tasker {
namespace {

using json::Value;
using schema::Node;
using Problems = std::vector<JsonSchema::Problem>;

constexpr std::size_t kMaxProblems = 20;
constexpr int kMaxDepth = 1'000;
// Node visits for one document: a number and so many for each of its bytes. Combinations multiply: without a
// bound a small schema could run for hours.
constexpr std::size_t kVisitsAtLeast = 1'000'000;
constexpr std::size_t kVisitsPerByte = 16;
constexpr int kMaxInsertedDefaults = 10'000;

std::string_view kind_word(const Value& value) {
  static constexpr std::string_view kWords[] = {"an object", "an array",  "a string",
                                                "a number",  "a boolean", "null"};
  return kWords[static_cast<std::size_t>(value.kind)];
}

std::uint64_t character_count(std::string_view text) {
  return static_cast<std::uint64_t>(std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

bool matches(const re2::RE2& pattern, std::string_view text) {
  return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), pattern);
}

// One validation of one document; the only state is here, so that threads share the compiled schema.
class Evaluator {
 public:
  Problems run(const Node& root, const Value& document) {
    Problems problems;
    visits_left_ = kVisitsAtLeast + kVisitsPerByte * document.text.size();
    check(root, document, &problems);
    if (exhausted_)
      problems.insert(problems.begin(), {"", "the document is too costly to check against this schema"});
    return problems;
  }

 private:
  // With `problems` null only the verdict is wanted. Answers whether the value is valid.
  bool check(const Node& node, const Value& value, Problems* problems) {
    if (visits_left_ == 0 || depth_ >= kMaxDepth) exhausted_ = true;
    if (exhausted_) return false;
    --visits_left_;
    if (node.fixed) return *node.fixed || report(problems, "nothing is allowed here");
    ++depth_;
    bool good = true;
    if (node.ref) {
      good = check(*node.ref, value, problems);
    } else {
      good = check_general(node, value, problems);
      if (good || problems) good = check_by_kind(node, value, problems) && good;
      if (good || problems) good = check_combinations(node, value, problems) && good;
    }
    --depth_;
    return good;
  }

  bool report(Problems* problems, std::string message) {
    if (problems && problems->size() < kMaxProblems) problems->push_back({pointer_, std::move(message)});
    return false;
  }

  bool check_general(const Node& node, const Value& value, Problems* problems) {
    if (node.types != 0) {
      bool good = (node.types & schema::type_bit(value.kind)) != 0;
      if (!good && value.is(JsonKind::number) && (node.types & schema::kIntegerBit)) {
        good = json::Decimal::of(value.text).is_integer();
      }
      if (!good)
        return report(problems,
                      fmt::format("must be of type {}, but is {}", node.types_text, kind_word(value)));
    }
    if (node.allowed && !std::ranges::binary_search(*node.allowed, json::canonical(value))) {
      return report(problems, fmt::format("must be one of: {}", node.allowed_text));
    }
    return true;
  }

  bool check_by_kind(const Node& node, const Value& value, Problems* problems) {
    switch (value.kind) {
      case JsonKind::number:
        return check_number(node, value, problems);
      case JsonKind::string:
        return check_string(node, value, problems);
      case JsonKind::array:
        return check_array(node, value, problems);
      case JsonKind::object:
        return check_object(node, value, problems);
      default:
        return true;
    }
  }

  bool check_number(const Node& node, const Value& value, Problems* problems) {
    if (!node.minimum && !node.maximum && !node.exclusive_minimum && !node.exclusive_maximum &&
        !node.multiple_of)
      return true;
    const json::Decimal number = json::Decimal::of(value.text);
    bool good = true;
    const auto demand = [&](bool holds, std::string_view rule) {
      if (!holds)
        good = report(problems, fmt::format("{} breaks the rule {}", value.text.substr(0, 40), rule));
    };
    if (node.minimum) demand(compare(number, *node.minimum) >= 0, "minimum");
    if (node.maximum) demand(compare(number, *node.maximum) <= 0, "maximum");
    if (node.exclusive_minimum) demand(compare(number, *node.exclusive_minimum) > 0, "exclusiveMinimum");
    if (node.exclusive_maximum) demand(compare(number, *node.exclusive_maximum) < 0, "exclusiveMaximum");
    if (node.multiple_of) demand(is_multiple(number, *node.multiple_of), "multipleOf");
    return good;
  }

  // For the rules that bound a count.
  bool check_count(std::uint64_t count, const std::optional<std::uint64_t>& least,
                   const std::optional<std::uint64_t>& most, std::string_view what, Problems* problems) {
    if (least && count < *least)
      return report(problems, fmt::format("has {} {}, but needs at least {}", count, what, *least));
    if (most && count > *most)
      return report(problems, fmt::format("has {} {}, but at most {} are allowed", count, what, *most));
    return true;
  }

  bool check_string(const Node& node, const Value& value, Problems* problems) {
    bool good = true;
    if (node.min_length || node.max_length) {
      good = check_count(character_count(value.string), node.min_length, node.max_length, "characters",
                         problems);
    }
    if (node.pattern && !matches(*node.pattern, value.string)) {
      good = report(problems, fmt::format("does not match the pattern {}", node.pattern->pattern()));
    }
    if (node.format && !matches(*node.format, value.string)) {
      good = report(problems, fmt::format("is not of the format {}", node.format_name));
    }
    return good;
  }

  bool check_array(const Node& node, const Value& value, Problems* problems) {
    bool good = check_count(value.items.size(), node.min_items, node.max_items, "items", problems);
    for (std::size_t i = 0; i < value.items.size() && (good || problems); ++i) {
      const Node* rule = node.items;
      if (node.has_tuple) rule = i < node.tuple.size() ? node.tuple[i] : node.additional_items;
      if (rule) good = check_at(std::to_string(i), *rule, value.items[i], problems) && good;
      if (exhausted_) return false;
    }
    if (node.contains && std::ranges::none_of(value.items, [&](const Value& item) {
          return check(*node.contains, item, nullptr);
        })) {
      good = report(problems, "has no item that contains asks for");
    }
    if (node.unique_items) {
      std::set<std::string> seen;
      for (const Value& item : value.items) {
        if (!seen.insert(json::canonical(item)).second) return report(problems, "has the same item twice");
      }
    }
    return good;
  }

  bool check_object(const Node& node, const Value& value, Problems* problems) {
    bool good =
        check_count(value.members.size(), node.min_properties, node.max_properties, "members", problems);
    const auto demand = [&](const std::string& key) {
      if (!value.find(key)) good = report(problems, fmt::format("lacks the member \"{}\"", key));
    };
    for (const std::string& key : node.required) demand(key);
    for (const schema::Dependency& dependency : node.dependencies) {
      if (!value.find(dependency.key)) continue;
      for (const std::string& key : dependency.required) demand(key);
      if (dependency.node) good = check(*dependency.node, value, problems) && good;
    }
    for (const json::Member& member : value.members) {
      if (!good && !problems) return false;
      good = check_member(node, member, problems) && good;
      if (exhausted_) return false;
    }
    return good;
  }

  bool check_member(const Node& node, const json::Member& member, Problems* problems) {
    bool good = true;
    if (node.property_names) {
      Value name{JsonKind::string, {}, member.key, {}, {}};
      const std::string quoted = json_quote(member.key);
      name.text = quoted;
      if (!check(*node.property_names, name, nullptr)) {
        good = report(problems, fmt::format("has the member name \"{}\", which propertyNames does not allow",
                                            member.key));
      }
    }
    bool known = false;
    if (const auto found = node.properties.find(member.key); found != node.properties.end()) {
      known = true;
      good = check_at(member.key, *found->second, member.value, problems) && good;
    }
    for (const auto& [pattern, rule] : node.pattern_properties) {
      if (!matches(*pattern, member.key)) continue;
      known = true;
      good = check_at(member.key, *rule, member.value, problems) && good;
    }
    if (known || !node.additional_properties) return good;
    if (node.additional_properties->fixed == false)
      return report(problems, fmt::format("has the unknown member \"{}\"", member.key));
    return check_at(member.key, *node.additional_properties, member.value, problems) && good;
  }

  bool check_at(std::string_view token, const Node& rule, const Value& value, Problems* problems) {
    const std::size_t length = pointer_.size();
    if (problems) {
      pointer_.push_back('/');
      for (char c : token) {
        if (c == '~')
          pointer_.append("~0");
        else if (c == '/')
          pointer_.append("~1");
        else
          pointer_.push_back(c);
      }
    }
    const bool good = check(rule, value, problems);
    pointer_.resize(length);
    return good;
  }

  bool check_combinations(const Node& node, const Value& value, Problems* problems) {
    bool good = true;
    const auto holds = [&](const Node* rule) { return check(*rule, value, nullptr); };
    for (const Node* rule : node.all_of) good = check(*rule, value, problems) && good;
    if (!node.any_of.empty() && std::ranges::none_of(node.any_of, holds)) {
      good = report(problems, fmt::format("matches none of the {} schemas of anyOf", node.any_of.size()));
    }
    if (!node.one_of.empty()) {
      const auto count = std::ranges::count_if(node.one_of, holds);
      if (count != 1) {
        good = report(problems, fmt::format("matches {} of the {} schemas of oneOf, but must match one",
                                            count, node.one_of.size()));
      }
    }
    if (node.not_node && holds(node.not_node)) good = report(problems, "matches the schema of not");
    if (node.condition) {
      const Node* branch = holds(node.condition) ? node.then_node : node.else_node;
      if (branch) good = check(*branch, value, problems) && good;
    }
    return good;
  }

  std::string pointer_;
  std::size_t visits_left_ = 0;
  int depth_ = 0;
  bool exhausted_ = false;
};

// Writes a document anew with the absent members put in; what is there is copied as text.
class DefaultWriter {
 public:
  void write(const std::vector<const Node*>& rules, const Value& value, std::string& out) {
    if (!value.is(JsonKind::object)) {
      out.append(value.text);
      return;
    }
    std::size_t copied = 0;
    const char* const start = value.text.data();
    for (const json::Member& member : value.members) {
      if (!member.value.is(JsonKind::object)) continue;
      const auto nested = rules_for(rules, member.key);
      if (nested.empty()) continue;
      const auto at = static_cast<std::size_t>(member.value.text.data() - start);
      out.append(value.text, copied, at - copied);
      write(nested, member.value, out);
      copied = at + member.value.text.size();
    }
    out.append(value.text, copied, value.text.size() - 1 - copied);
    insert_absent(rules, value, out);
    out.push_back('}');
  }

  // The node itself, what it refers to, and all of allOf: the schemas that hold in any case.
  static void add_rules(const Node* node, std::vector<const Node*>& out) {
    if (!node || std::ranges::find(out, node) != out.end()) return;
    out.push_back(node);
    add_rules(node->ref, out);
    for (const Node* part : node->all_of) add_rules(part, out);
  }

 private:
  static std::vector<const Node*> rules_for(const std::vector<const Node*>& rules, std::string_view key) {
    std::vector<const Node*> out;
    for (const Node* rule : rules) {
      const auto found = rule->properties.find(key);
      if (found != rule->properties.end()) add_rules(found->second, out);
    }
    return out;
  }

  void insert_absent(const std::vector<const Node*>& rules, const Value& value, std::string& out) {
    bool empty = value.members.empty();
    std::set<std::string_view> inserted;
    for (const Node* rule : rules) {
      for (const auto& [key, property] : rule->properties) {
        if (value.find(key) || inserted.contains(key)) continue;
        const auto nested = rules_for(rules, key);
        const auto with_default =
            std::ranges::find_if(nested, [](const Node* n) { return n->default_text.has_value(); });
        if (with_default == nested.end() || ++count_ > kMaxInsertedDefaults) continue;
        if (!empty) out.append(",");
        empty = false;
        inserted.insert(key);
        out.append(json_quote(key)).append(":");
        write_default(**with_default, nested, out);
      }
    }
  }

  // A default that brings itself in again, through a reference, is written once and left as it is inside.
  void write_default(const Node& source, const std::vector<const Node*>& rules, std::string& out) {
    if (!open_.insert(&source).second) {
      out.append(*source.default_text);
      return;
    }
    const auto value = json::parse(*source.default_text);
    if (value) write(rules, *value, out);
    open_.erase(&source);
  }

  std::set<const Node*> open_;
  int count_ = 0;
};

}  // namespace

struct JsonSchema::Compiled {
  schema::Graph graph;
};

JsonSchema::JsonSchema(std::unique_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}
JsonSchema::JsonSchema(JsonSchema&&) noexcept = default;
JsonSchema& JsonSchema::operator=(JsonSchema&&) noexcept = default;
JsonSchema::~JsonSchema() = default;

Result<JsonSchema> JsonSchema::compile(std::string_view schema_text) {
  auto graph = schema::compile(schema_text);
  if (!graph) return graph.error();
  return JsonSchema(std::make_unique<const Compiled>(Compiled{std::move(*graph)}));
}

std::vector<JsonSchema::Problem> JsonSchema::validate(std::string_view document) const {
  const auto value = json::parse(document);
  if (!value) return {{"", value.error().message}};
  return Evaluator().run(*compiled_->graph.root, *value);
}

std::string JsonSchema::apply_defaults(std::string_view document) const {
  const auto value = json::parse(document);
  if (!value) return std::string(document);
  std::vector<const Node*> rules;
  DefaultWriter::add_rules(compiled_->graph.root, rules);
  const auto start = static_cast<std::size_t>(value->text.data() - document.data());
  std::string out(document.substr(0, start));
  DefaultWriter().write(rules, *value, out);
  out.append(document.substr(start + value->text.size()));
  return out;
}

}  // namespace tasker

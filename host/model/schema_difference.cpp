#include "model/schema_difference.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string_view>

#include "base/json_value.h"

namespace tasker::model {
namespace {

using json::Value;

constexpr int kMostDepth = 64;
constexpr std::array<std::string_view, 8> kForPeople = {"title", "description", "$comment", "examples", "$id", "$schema", "readOnly", "writeOnly"};
// Each is looked at by a rule of its own below.
constexpr std::array<std::string_view, 20> kCompared = {
    "type",      "enum",      "const",    "required", "properties", "additionalProperties", "items",         "default",       "minimum", "maximum",
    "minLength", "maxLength", "minItems", "maxItems", "pattern",    "exclusiveMinimum",     "exclusiveMaximum", "minProperties", "maxProperties", "uniqueItems"};

template <class List>
bool holds(const List& list, std::string_view key) { return std::find(list.begin(), list.end(), key) != list.end(); }

std::string same_text(const Value* value) { return value ? json::canonical(*value) : std::string(); }
bool is_same(const Value* a, const Value* b) { return same_text(a) == same_text(b); }
bool is_false(const Value* value) { return value && value->is(JsonKind::boolean) && value->text == "false"; }
// Other fields of an object: `true` says no more than nothing.
const Value* rest_of(const Value& schema) {
  const Value* rest = schema.find("additionalProperties");
  return rest && rest->is(JsonKind::boolean) && rest->text == "true" ? nullptr : rest;
}

class Comparison {
 public:
  void compare(const Value& older, const Value& newer, const std::string& place, int depth = 0) {
    if (json::canonical(older) == json::canonical(newer)) return;
    // `true` and `false` are schemas as well.
    if (!older.is(JsonKind::object) || !newer.is(JsonKind::object) || depth > kMostDepth) return uncompared(place, "");
    types(older, newer, place);
    choices(older, newer, place);
    required(older, newer, place);
    properties(older, newer, place, depth);
    limits(older, newer, place);
    pattern(older, newer, place);
    items(older, newer, place, depth);
    if (!is_same(older.find("default"), newer.find("default"))) add(Effect::notable, named(place) + " has another default");
    rest(older, newer, place);
  }

  std::vector<Change> take() { return std::move(changes_); }

 private:
  static std::string named(const std::string& place) { return place.empty() ? "the context" : place; }
  static std::string inner(const std::string& place, const std::string& key) { return place.empty() ? key : place + "." + key; }

  void add(Effect effect, std::string what) { changes_.push_back({effect, "schema", std::move(what)}); }
  void uncompared(const std::string& place, std::string_view keyword) {
    add(Effect::breaking, named(place) + " changed in a way that is not compared" + (keyword.empty() ? "" : " (" + std::string(keyword) + ")") +
                              "; take it as narrower");
  }

  static std::set<std::string> types_of(const Value& schema) {
    std::set<std::string> types;
    const Value* type = schema.find("type");
    if (type && type->is(JsonKind::string)) types.insert(type->string);
    if (type && type->is(JsonKind::array))
      for (const Value& each : type->items) types.insert(each.string);
    return types;
  }

  void types(const Value& older, const Value& newer, const std::string& place) {
    const auto before = types_of(older), after = types_of(newer);
    if (before == after) return;
    if (after.empty()) return add(Effect::safe, named(place) + " may be of any type now");
    if (before.empty()) return add(Effect::breaking, named(place) + " must have a type now, and could be anything");
    for (const auto& type : before)
      if (!after.contains(type) && !(type == "integer" && after.contains("number")))
        return add(Effect::breaking, named(place) + " may no longer be of type " + type);
    add(Effect::safe, named(place) + " may be of more types");
  }

  static std::optional<std::set<std::string>> choices_of(const Value& schema) {
    if (const Value* one = schema.find("const")) return std::set<std::string>{json::canonical(*one)};
    const Value* list = schema.find("enum");
    if (!list) return std::nullopt;
    std::set<std::string> choices;
    for (const Value& each : list->items) choices.insert(json::canonical(each));
    return choices;
  }

  void choices(const Value& older, const Value& newer, const std::string& place) {
    const auto before = choices_of(older), after = choices_of(newer);
    if (before == after) return;
    if (!after) return add(Effect::safe, named(place) + " may have values beyond a list");
    if (!before) return add(Effect::breaking, named(place) + " must be one of a list of values now");
    for (const auto& value : *before)
      if (!after->contains(value)) return add(Effect::breaking, named(place) + " may no longer be " + value);
    add(Effect::safe, named(place) + " may have more values");
  }

  static bool requires_key(const Value& schema, const std::string& key) {
    const Value* list = schema.find("required");
    return list && std::any_of(list->items.begin(), list->items.end(), [&](const Value& each) { return each.string == key; });
  }

  void required(const Value& older, const Value& newer, const std::string& place) {
    if (const Value* list = newer.find("required")) {
      for (const Value& key : list->items) {
        if (requires_key(older, key.string)) continue;
        const Value* properties = newer.find("properties");
        const Value* property = properties ? properties->find(key.string) : nullptr;
        // Defaults are filled in before a context is judged.
        const bool has_default = property && property->find("default");
        add(has_default ? Effect::safe : Effect::breaking,
            inner(place, key.string) + " is required now" + (has_default ? ", and has a default" : ""));
      }
    }
    if (const Value* list = older.find("required"))
      for (const Value& key : list->items)
        if (!requires_key(newer, key.string)) add(Effect::safe, inner(place, key.string) + " is no longer required");
  }

  void properties(const Value& older, const Value& newer, const std::string& place, int depth) {
    static const Value kNone;
    const Value* found = older.find("properties");
    const Value& before = found ? *found : kNone;
    found = newer.find("properties");
    const Value& after = found ? *found : kNone;
    const Value* rest_before = rest_of(older);
    const Value* rest_after = rest_of(newer);
    for (const auto& [key, schema] : before.members) {
      if (const Value* same = after.find(key)) {
        compare(schema, *same, inner(place, key), depth + 1);
        if (schema.find("default") && !same->find("default") && requires_key(newer, key))
          add(Effect::breaking, inner(place, key) + " is required and has no default any more");
      } else if (is_false(rest_after))
        add(Effect::breaking, inner(place, key) + " is no longer taken");
      else if (rest_after)
        add(Effect::breaking, inner(place, key) + " is judged as other fields are");
      else
        add(Effect::notable, inner(place, key) + " is no longer described: it is taken unchecked");
    }
    for (const auto& [key, schema] : after.members) {
      if (before.find(key) || requires_key(newer, key)) continue;  // what is required was told
      add(is_false(rest_before) ? Effect::safe : Effect::notable,
          inner(place, key) + (is_false(rest_before) ? " is taken now" : " is checked now"));
    }
    if (is_same(rest_before, rest_after)) return;
    if (is_false(rest_after)) return add(Effect::breaking, named(place) + " may no longer have other fields");
    if (is_false(rest_before) || !rest_after) return add(Effect::safe, named(place) + " may have other fields");
    uncompared(place, "additionalProperties");
  }

  void limits(const Value& older, const Value& newer, const std::string& place) {
    struct Limit {
      const char* keyword;
      int narrower;  // the sign of the change that shuts documents out
    };
    for (const auto& [keyword, narrower] : {Limit{"minimum", 1}, {"exclusiveMinimum", 1}, {"minLength", 1}, {"minItems", 1}, {"minProperties", 1},
                                            {"maximum", -1}, {"exclusiveMaximum", -1}, {"maxLength", -1}, {"maxItems", -1}, {"maxProperties", -1}}) {
      const Value* before = older.find(keyword);
      const Value* after = newer.find(keyword);
      if (is_same(before, after)) continue;
      if (!after) {
        add(Effect::safe, named(place) + " has no " + keyword + " any more");
        continue;
      }
      const bool is_wider = before && json::compare(json::Decimal::of(after->text), json::Decimal::of(before->text)) * narrower < 0;
      add(is_wider ? Effect::safe : Effect::breaking,
          named(place) + " has the " + keyword + " " + std::string(after->text) + (before ? ", and had " + std::string(before->text) : " now"));
    }
    if (is_same(older.find("uniqueItems"), newer.find("uniqueItems"))) return;
    const Value* unique = newer.find("uniqueItems");
    const bool is_unique = unique && !is_false(unique);
    add(is_unique ? Effect::breaking : Effect::safe, named(place) + (is_unique ? " may not hold the same value twice now" : " may hold the same value twice"));
  }

  void pattern(const Value& older, const Value& newer, const std::string& place) {
    const Value* after = newer.find("pattern");
    if (is_same(older.find("pattern"), after)) return;
    if (after) return add(Effect::breaking, named(place) + " must match " + after->string);
    add(Effect::safe, named(place) + " need not match a pattern any more");
  }

  void items(const Value& older, const Value& newer, const std::string& place, int depth) {
    const Value* before = older.find("items");
    const Value* after = newer.find("items");
    if (is_same(before, after)) return;
    if (!after) return add(Effect::safe, named(place) + " may hold anything now");
    if (!before || !before->is(JsonKind::object) || !after->is(JsonKind::object)) return uncompared(place, "items");
    compare(*before, *after, place + "[]", depth + 1);
  }

  void rest(const Value& older, const Value& newer, const std::string& place) {
    std::set<std::string> keywords;
    for (const Value* schema : {&older, &newer})
      for (const auto& member : schema->members) keywords.insert(member.key);
    for (const auto& keyword : keywords)
      if (!holds(kForPeople, keyword) && !holds(kCompared, keyword) && !is_same(older.find(keyword), newer.find(keyword))) uncompared(place, keyword);
  }

  std::vector<Change> changes_;
};

}  // namespace

std::vector<Change> schema_changes(const std::string& older, const std::string& newer) {
  if (older == newer) return {};
  if (newer.empty()) return {{Effect::safe, "schema", "contexts are no longer checked"}};
  if (older.empty()) return {{Effect::breaking, "schema", "contexts are checked now, and were not"}};
  const auto before = json::parse(older), after = json::parse(newer);
  if (!before || !after) return {{Effect::breaking, "schema", "the schema cannot be read"}};
  Comparison comparison;
  comparison.compare(*before, *after, "");
  return comparison.take();
}

}  // namespace tasker::model

#include "checker/fuzz_input.h"

#include <array>
#include <random>

#include <nlohmann/json.hpp>

namespace tasker::checker {
namespace {

using Json = nlohmann::json;

constexpr int kMostDepth = 4;

// The standard's engine is the same everywhere, its distributions are not.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}
  std::uint64_t number() { return engine_(); }
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(engine_() % n); }
  bool one_in(std::size_t n) { return below(n) == 0; }

 private:
  std::mt19937_64 engine_;
};

std::string any_text(Dice& dice) {
  static const std::array<std::string, 12> kOdd = {"", " ", "0", "-1", "null", "true", "../../etc/passwd", "'; --", "%s%n",
                                                   "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\\", "1e999"};
  if (dice.one_in(3)) return kOdd[dice.below(kOdd.size())];
  std::string text(dice.below(40), ' ');
  for (char& letter : text) letter = static_cast<char>(' ' + dice.below('~' - ' '));
  return dice.one_in(20) ? text + std::string(10'000, 'x') : text;
}

Json any_number(Dice& dice) {
  switch (dice.below(6)) {
    case 0: return 0;
    case 1: return -1;
    case 2: return std::numeric_limits<std::int64_t>::min();
    case 3: return std::numeric_limits<std::uint64_t>::max();
    case 4: return 1e300;
    default: return static_cast<double>(dice.number() % 1'000'000) / 100;
  }
}

Json any_value(Dice& dice, int depth) {
  switch (dice.below(depth < kMostDepth ? 7 : 5)) {
    case 0: return nullptr;
    case 1: return dice.one_in(2);
    case 2:
    case 3: return any_number(dice);
    case 4: return any_text(dice);
    case 5: {
      Json items = Json::array();
      for (std::size_t left = dice.below(5); left > 0; --left) items.push_back(any_value(dice, depth + 1));
      return items;
    }
    default: {
      Json object = Json::object();
      for (std::size_t left = dice.below(5); left > 0; --left) object[any_text(dice)] = any_value(dice, depth + 1);
      return object;
    }
  }
}

Json value_for(Dice& dice, const Json& schema, int depth);

Json object_for(Dice& dice, const Json& schema, int depth) {
  Json object = Json::object();
  const auto properties = schema.find("properties");
  if (properties == schema.end() || !properties->is_object()) return object;
  for (const auto& [key, inner] : properties->items())
    if (!dice.one_in(8)) object[key] = value_for(dice, inner, depth + 1);
  return object;
}

Json array_for(Dice& dice, const Json& schema, int depth) {
  Json items = Json::array();
  const auto inner = schema.find("items");
  for (std::size_t left = dice.below(4); left > 0; --left)
    items.push_back(inner == schema.end() ? any_value(dice, depth + 1) : value_for(dice, *inner, depth + 1));
  return items;
}

// One that the schema may well accept.
Json value_for(Dice& dice, const Json& schema, int depth) {
  if (!schema.is_object() || depth > 20) return any_value(dice, kMostDepth);
  if (const auto choices = schema.find("enum"); choices != schema.end() && choices->is_array() && !choices->empty())
    return (*choices)[dice.below(choices->size())];
  std::string type;
  if (const auto named = schema.find("type"); named != schema.end()) {
    if (named->is_string()) type = *named;
    if (named->is_array() && !named->empty() && named->front().is_string()) type = named->front();
  }
  if (type == "object") return object_for(dice, schema, depth);
  if (type == "array") return array_for(dice, schema, depth);
  if (type == "string") return any_text(dice);
  if (type == "boolean") return dice.one_in(2);
  if (type == "null") return nullptr;
  if (type == "integer") return static_cast<std::int64_t>(dice.number() % 2'000) - 500;
  if (type == "number") return any_number(dice);
  return any_value(dice, depth);
}

// Any value within, the root too, becomes another one.
void spoil(Dice& dice, Json& value) {
  if (value.is_structured() && !value.empty() && !dice.one_in(4)) {
    auto chosen = value.begin();
    std::advance(chosen, dice.below(value.size()));
    if (dice.one_in(4))
      value.erase(chosen);
    else
      spoil(dice, *chosen);
    return;
  }
  value = any_value(dice, 0);
}

std::string text_of(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

void spoil_bytes(Dice& dice, std::string& text) {
  for (std::size_t left = 1 + dice.below(4); left > 0 && !text.empty(); --left) {
    const std::size_t at = dice.below(text.size());
    if (dice.one_in(3))
      text.resize(at);
    else
      text[at] = static_cast<char>(dice.below(256));
  }
}

}  // namespace

Input fuzz_input(std::uint64_t seed, const std::string& schema, const std::string& example) {
  Dice dice(seed);
  const Json rules = Json::parse(schema, nullptr, false);
  const Json good = Json::parse(example, nullptr, false);
  Json context = dice.one_in(2) || !good.is_object() || good.empty() ? value_for(dice, rules.is_object() ? rules : Json{{"type", "object"}}, 0) : good;
  for (std::size_t left = dice.below(4); left > 0; --left) spoil(dice, context);
  Json inputs = any_value(dice, 0);
  if (!inputs.is_object()) inputs = Json::object();
  Input input{.context = text_of(context), .inputs = text_of(inputs)};
  if (dice.one_in(4)) spoil_bytes(dice, dice.one_in(2) ? input.context : input.inputs);
  if (dice.one_in(16)) input.stop_bits = engine::kStopDraining;
  return input;
}

}  // namespace tasker::checker

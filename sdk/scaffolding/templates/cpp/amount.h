// An amount of money in whole cents, so that no fraction is lost on the way. Pure; what is no amount is refused for good.
#pragma once

#include <tasker/sdk.h>

#include <cstdint>

class Amount {
 public:
  // The sum over "items" of a task's context.
  static Amount of_items(const tasker::Json& context) {
    const tasker::Json items = context.value("items", tasker::Json());
    if (!items.is_array() || items.empty()) refuse("the context has no items");
    Amount sum(0);
    for (const auto& item : items) {
      sum = Amount(sum.cents_ + number(item, "price_cents", kMost) * number(item, "quantity", 1'000'000));
    }
    return sum;
  }
  // What an earlier calculation came to.
  static Amount of_result(const tasker::Json& result) { return Amount(number(result, "amount_cents", kMost)); }

  // Half a cent is rounded up.
  Amount plus_percent(const tasker::Json& percent) const {
    const std::int64_t hundredths = number({{"percent", percent}}, "percent", 1000);
    return Amount(cents_ + (cents_ * hundredths + 50) / 100);
  }
  std::int64_t cents() const { return cents_; }

 private:
  static constexpr std::int64_t kMost = 1'000'000'000'000;  // far from where 64 bits end, also times a million

  explicit Amount(std::int64_t cents) : cents_(cents) {
    if (cents > kMost) refuse("the amount is too large");
  }
  static std::int64_t number(const tasker::Json& object, const char* name, std::int64_t most) {
    const auto found = object.find(name);
    if (found == object.end() || !found->is_number_integer() || *found < 0 || *found > most) {
      refuse(std::string(name) + " is not a whole number from 0 to " + std::to_string(most));
    }
    return found->get<std::int64_t>();
  }
  [[noreturn]] static void refuse(const std::string& why) { throw tasker::PermanentError(why, "@name@.bad_amount"); }

  std::int64_t cents_;
};

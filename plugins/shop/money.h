// Money is whole cents everywhere; these are the only places where it becomes something else. Pure.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace shop {

// amount * part / whole, half a cent up; amount and part are not negative.
std::int64_t share_half_up(std::int64_t amount, std::int64_t part, std::int64_t whole);
// The same by a percentage, of which three decimals count: 8.875.
std::int64_t percent_half_up(std::int64_t amount, double percent);

// A price as shop APIs write it, 19.99, in cents; throws Fault `money.malformed` for what is no price.
std::int64_t cents_from(const nlohmann::json& price);

std::string format_money(std::int64_t cents, const std::string& currency);  // "EUR 12.34"

}  // namespace shop

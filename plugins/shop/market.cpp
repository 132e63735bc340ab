#include "market.h"

#include <algorithm>
#include <array>

namespace shop {
namespace {

using namespace std::string_view_literals;

constexpr std::array kFourDigits = {"NNNN"sv};
constexpr std::array kFiveDigits = {"NNNNN"sv};
constexpr std::array kDutch = {"NNNN AA"sv};
constexpr std::array kSwedish = {"NNN NN"sv};
constexpr std::array kBritish = {"AN NAA"sv,   "ANN NAA"sv, "AAN NAA"sv,
                                 "AANN NAA"sv, "ANA NAA"sv, "AANA NAA"sv};
constexpr std::array kAmerican = {"NNNNN"sv, "NNNNN-NNNN"sv};
constexpr std::array kCanadian = {"ANA NAN"sv};

constexpr std::array<Region, 51> kStates = {{
    {"AL", 4000}, {"AK", 0},    {"AZ", 5600}, {"AR", 6500}, {"CA", 7250}, {"CO", 2900}, {"CT", 6350},
    {"DC", 6000}, {"DE", 0},    {"FL", 6000}, {"GA", 4000}, {"HI", 4000}, {"IA", 6000}, {"ID", 6000},
    {"IL", 6250}, {"IN", 7000}, {"KS", 6500}, {"KY", 6000}, {"LA", 4450}, {"MA", 6250}, {"MD", 6000},
    {"ME", 5500}, {"MI", 6000}, {"MN", 6875}, {"MO", 4225}, {"MS", 7000}, {"MT", 0},    {"NC", 4750},
    {"ND", 5000}, {"NE", 5500}, {"NH", 0},    {"NJ", 6625}, {"NM", 4875}, {"NV", 6850}, {"NY", 4000},
    {"OH", 5750}, {"OK", 4500}, {"OR", 0},    {"PA", 6000}, {"RI", 7000}, {"SC", 6000}, {"SD", 4200},
    {"TN", 7000}, {"TX", 6250}, {"UT", 6100}, {"VA", 5300}, {"VT", 6000}, {"WA", 6500}, {"WI", 5000},
    {"WV", 6000}, {"WY", 4000},
}};

constexpr std::array<Region, 13> kProvinces = {{
    {"AB", 5000},
    {"BC", 12000},
    {"MB", 12000},
    {"NB", 15000},
    {"NL", 15000},
    {"NS", 15000},
    {"NT", 5000},
    {"NU", 5000},
    {"ON", 13000},
    {"PE", 15000},
    {"QC", 14975},
    {"SK", 11000},
    {"YT", 5000},
}};

constexpr std::array<Market, 11> kMarkets = {{
    {"AT", "EUR", "USt", 20000, 10000, true, 690, 12000, kFourDigits, {}},
    {"CA", "CAD", "GST/HST/PST", 0, 0, true, 1495, 20000, kCanadian, kProvinces},
    {"CH", "CHF", "MWST", 8100, 2600, true, 900, 15000, kFourDigits, {}},
    {"DE", "EUR", "USt", 19000, 7000, true, 490, 10000, kFiveDigits, {}},
    {"ES", "EUR", "IVA", 21000, 10000, true, 790, 12000, kFiveDigits, {}},
    {"FR", "EUR", "TVA", 20000, 5500, true, 690, 12000, kFiveDigits, {}},
    {"GB", "GBP", "VAT", 20000, 0, true, 599, 10000, kBritish, {}},
    {"IT", "EUR", "IVA", 22000, 10000, true, 790, 12000, kFiveDigits, {}},
    {"NL", "EUR", "btw", 21000, 9000, true, 590, 10000, kDutch, {}},
    {"SE", "SEK", "moms", 25000, 6000, true, 5900, 100000, kSwedish, {}},
    {"US", "USD", "Sales tax", 0, 0, false, 995, 15000, kAmerican, kStates},
}};

bool matches(std::string_view pattern, std::string_view text) {
  return std::equal(pattern.begin(), pattern.end(), text.begin(), text.end(), [](char want, char have) {
    if (want == 'N') return have >= '0' && have <= '9';
    if (want == 'A') return have >= 'A' && have <= 'Z';
    return want == have;
  });
}

}  // namespace

const Market* find_market(std::string_view country) {
  const auto found = std::ranges::find(kMarkets, country, &Market::country);
  return found == kMarkets.end() ? nullptr : &*found;
}

const Region* find_region(const Market& market, std::string_view code) {
  const auto found = std::ranges::find(market.regions, code, &Region::code);
  return found == market.regions.end() ? nullptr : &*found;
}

bool is_postcode(const Market& market, std::string_view text) {
  return std::ranges::any_of(market.postcodes,
                             [&](std::string_view pattern) { return matches(pattern, text); });
}

TaxRate tax_rate(const Market& market, std::string_view region, TaxClass tax_class) {
  if (const Region* found = find_region(market, region)) return found->rate;
  return tax_class == TaxClass::reduced ? market.reduced : market.standard;
}

}  // namespace shop

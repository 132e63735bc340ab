// Prices, taxes, addresses and payments of the shop, as plain functions.
#include <gtest/gtest.h>

#include "shop/fault.h"
#include "shop/gateway.h"
#include "shop/money.h"
#include "shop/order.h"
#include "shop/totals.h"

namespace shop {
namespace {

Order order_to(const std::string& country, const std::string& currency, const std::string& postal_code,
               const std::string& region = "") {
  Order order;
  order.order_id = 1;
  order.currency = currency;
  order.email = "ann@mail.example";
  order.payment_token = "tok_visa";
  order.ship_to = {"Ann Lee", "1 High Street", "Town", region, postal_code, country};
  order.items = {{"EL-1", "Lamp", 2, 1050, TaxClass::standard}, {"BK-1", "Book", 1, 999, TaxClass::reduced}};
  return order;
}

std::string fault_of(const Order& order) {
  try {
    check_order(order);
    return "none";
  } catch (const Fault& fault) {
    return fault.code();
  }
}

TEST(OrderTotals, TaxIsRoundedOncePerRateAndCoversShipping) {
  const auto totals = compute_totals(order_to("DE", "EUR", "10115"), 0);
  EXPECT_EQ(totals.subtotal_cents, 3099);
  EXPECT_EQ(totals.shipping_cents, 490);
  ASSERT_EQ(totals.tax_lines.size(), 2U);
  EXPECT_EQ(totals.tax_lines[0].base_cents, 2100 + 490);
  EXPECT_EQ(totals.tax_lines[0].tax_cents, 492);  // 492.1
  EXPECT_EQ(totals.tax_lines[1].tax_cents, 70);   // 69.93
  EXPECT_EQ(totals.total_cents, 3099 + 490 + 492 + 70);
}

TEST(OrderTotals, HalfACentIsRoundedUp) {
  auto order = order_to("DE", "EUR", "10115");
  order.items = {{"BK-1", "Book", 1, 15'050, TaxClass::reduced}};  // 7 % is 1053.5, and shipping is free
  EXPECT_EQ(compute_totals(order, 0).tax_cents, 1054);
}

TEST(OrderTotals, AStateTaxesAllGoodsAlikeButNotShipping) {
  const auto totals = compute_totals(order_to("US", "USD", "11201", "NY"), 0);
  ASSERT_EQ(totals.tax_lines.size(), 1U);
  EXPECT_EQ(totals.tax_lines[0].base_cents, 3099);
  EXPECT_EQ(totals.tax_cents, 124);  // 4 % is 123.96
  EXPECT_EQ(totals.shipping_cents, 995);
}

TEST(OrderTotals, DiscountLowersTheTaxAndMayEndFreeShipping) {
  auto order = order_to("GB", "GBP", "SW1A 2AA");
  order.items = {{"EL-1", "Dock", 1, 10'000, TaxClass::standard}};
  EXPECT_EQ(compute_totals(order, 0).shipping_cents, 0);
  const auto reduced = compute_totals(order, 10);
  EXPECT_EQ(reduced.discount_cents, 1000);
  EXPECT_EQ(reduced.shipping_cents, 599);
  EXPECT_EQ(reduced.tax_cents, 1920);  // 20 % of 9599 is 1919.8
  EXPECT_EQ(reduced.total_cents, 9000 + 599 + 1920);
}

TEST(OrderTotals, LargestOrderStaysExact) {
  auto order = order_to("SE", "SEK", "111 21");
  order.items.assign(100, {"EL-1", "Yacht", 999, 10'000'000, TaxClass::standard});
  EXPECT_EQ(fault_of(order), "none");
  EXPECT_EQ(compute_totals(order, 0).total_cents, 1'248'750'000'000);
}

TEST(OrderTotals, MoneyAndRatesAsPeopleWriteThem) {
  EXPECT_EQ(format_money(1205, "EUR"), "EUR 12.05");
  EXPECT_EQ(format_money(-5, "EUR"), "EUR -0.05");
  EXPECT_EQ(format_rate(19'000), "19 %");
  EXPECT_EQ(format_rate(5'500), "5.5 %");
  EXPECT_EQ(format_rate(14'975), "14.975 %");
}

TEST(Postcodes, FollowTheCountry) {
  const auto accepts = [](const char* country, const char* code) {
    return is_postcode(*find_market(country), code);
  };
  EXPECT_TRUE(accepts("DE", "01067"));
  EXPECT_FALSE(accepts("DE", "1067"));
  EXPECT_TRUE(accepts("NL", "1017 GC"));
  EXPECT_FALSE(accepts("NL", "1017GC"));
  EXPECT_TRUE(accepts("SE", "111 21"));
  EXPECT_TRUE(accepts("US", "94110-1234"));
  EXPECT_FALSE(accepts("US", "9411"));
  EXPECT_TRUE(accepts("CA", "H2X 1Y4"));
  for (const char* code : {"M1 1AE", "EH1 1YZ", "SW1A 2AA", "W1A 0AX", "LS1 4DY"})
    EXPECT_TRUE(accepts("GB", code)) << code;
  EXPECT_FALSE(accepts("GB", "sw1a 2aa"));
}

TEST(OrderCheck, NamesTheFirstRuleThatIsBroken) {
  const auto good = order_to("CA", "CAD", "M5V 2T6", "ON");
  EXPECT_EQ(fault_of(good), "none");
  const auto broken = [&](auto change) {
    auto order = good;
    change(order);
    return fault_of(order);
  };
  EXPECT_EQ(broken([](Order& o) { o.items.clear(); }), "order.empty_cart");
  EXPECT_EQ(broken([](Order& o) { o.items[0].quantity = 0; }), "order.invalid_item");
  EXPECT_EQ(broken([](Order& o) { o.items[0].unit_price_cents = -1; }), "order.invalid_item");
  EXPECT_EQ(broken([](Order& o) { o.email = "ann at mail.example"; }), "order.invalid_email");
  EXPECT_EQ(broken([](Order& o) { o.email = "ann@mail.example\nBcc: all@mail.example"; }),
            "order.invalid_email");
  EXPECT_EQ(broken([](Order& o) { o.ship_to.country = "AQ"; }), "order.unsupported_country");
  EXPECT_EQ(broken([](Order& o) { o.ship_to.region = "ZZ"; }), "order.invalid_region");
  EXPECT_EQ(broken([](Order& o) { o.ship_to.postal_code = "ABC"; }), "order.invalid_postcode");
  EXPECT_EQ(broken([](Order& o) { o.ship_to.city.clear(); }), "order.invalid_address");
  EXPECT_EQ(broken([](Order& o) { o.currency = "EUR"; }), "order.currency_mismatch");
}

TEST(Gateway, TokenAndAttemptAloneDecide) {
  using Kind = GatewayAnswer::Kind;
  EXPECT_EQ(charge("tok_visa", 1).kind, Kind::captured);
  EXPECT_EQ(charge("tok_flaky_2", 1).kind, Kind::unavailable);
  EXPECT_EQ(charge("tok_flaky_2", 2).kind, Kind::unavailable);
  EXPECT_EQ(charge("tok_flaky_2", 3).kind, Kind::captured);
  EXPECT_EQ(charge("tok_declined", 3).code, "card.declined");
  EXPECT_EQ(charge("tok_flaky_", 1).code, "payment.unknown_token");
}

}  // namespace
}  // namespace shop

#include "order.h"

#include <nlohmann/json.hpp>

#include "fault.h"
#include "text.h"

namespace shop {
namespace {

using nlohmann::json;

// Together they keep every sum below 2^63, tax rate included.
constexpr std::size_t kMaxItems = 100;
constexpr std::int64_t kMaxQuantity = 999;
constexpr std::int64_t kMaxUnitPriceCents = 10'000'000;

template <class T>
T field(const json& object, const char* name) {
  try {
    return object.at(name).get<T>();
  } catch (const json::exception&) {
    throw Fault("order.malformed",
                std::string("the order's field \"") + name + "\" is missing or of the wrong type");
  }
}

std::string text_or_empty(const json& object, const char* name) {
  return object.contains(name) ? field<std::string>(object, name) : std::string();
}

TaxClass read_tax_class(const json& item) {
  const std::string text = text_or_empty(item, "tax_class");
  if (text.empty() || text == "standard") return TaxClass::standard;
  if (text == "reduced") return TaxClass::reduced;
  throw Fault("order.malformed", "tax_class is \"" + text + "\"; it must be standard or reduced");
}

Item read_item(const json& item) {
  return {field<std::string>(item, "sku"), field<std::string>(item, "name"),
          field<std::int64_t>(item, "quantity"), field<std::int64_t>(item, "unit_price_cents"),
          read_tax_class(item)};
}

void check_item(const Item& item) {
  const auto refuse = [&](const std::string& what) {
    throw Fault("order.invalid_item", "item " + item.sku + ": " + what);
  };
  if (item.sku.empty() || !is_plain(item.sku) || !is_plain(item.name))
    refuse("sku and name must be plain text");
  if (item.quantity < 1 || item.quantity > kMaxQuantity)
    refuse("quantity " + std::to_string(item.quantity) + " is not within 1 to " +
           std::to_string(kMaxQuantity));
  if (item.unit_price_cents < 0 || item.unit_price_cents > kMaxUnitPriceCents)
    refuse("unit price of " + std::to_string(item.unit_price_cents) + " cents is out of range");
}

void check_address(const Address& address, const Market& market) {
  for (const auto* text : {&address.name, &address.street, &address.city}) {
    if (text->empty() || !is_plain(*text))
      throw Fault("order.invalid_address", "name, street and city of the address must be plain text");
  }
  if (!market.regions.empty() && find_region(market, address.region) == nullptr)
    throw Fault("order.invalid_region", "\"" + address.region + "\" is no region of " + address.country);
  if (!is_postcode(market, address.postal_code))
    throw Fault("order.invalid_postcode",
                "\"" + address.postal_code + "\" is no postal code of " + address.country);
}

}  // namespace

Order read_order(const json& source) {
  const auto address = field<json>(source, "shipping_address");
  Order order;
  order.order_id = field<std::int64_t>(source, "order_id");
  order.currency = field<std::string>(source, "currency");
  order.email = field<std::string>(field<json>(source, "customer"), "email");
  order.discount_code = text_or_empty(source, "discount_code");
  order.payment_token = field<std::string>(field<json>(source, "payment"), "token");
  order.ship_to = {field<std::string>(address, "name"),        field<std::string>(address, "street"),
                   field<std::string>(address, "city"),        text_or_empty(address, "region"),
                   field<std::string>(address, "postal_code"), field<std::string>(address, "country")};
  for (const auto& item : field<json::array_t>(source, "items")) order.items.push_back(read_item(item));
  return order;
}

void check_order(const Order& order) {
  if (order.order_id < 1) throw Fault("order.malformed", "order_id must be positive");
  if (order.items.empty()) throw Fault("order.empty_cart", "the order has no items");
  if (order.items.size() > kMaxItems)
    throw Fault("order.invalid_item", "the order has more than " + std::to_string(kMaxItems) + " items");
  for (const auto& item : order.items) check_item(item);
  if (!is_email(order.email))
    throw Fault("order.invalid_email", "\"" + order.email + "\" is no e-mail address");

  const Market* market = find_market(order.ship_to.country);
  if (market == nullptr)
    throw Fault("order.unsupported_country", "we do not ship to \"" + order.ship_to.country + "\"");
  check_address(order.ship_to, *market);
  if (order.currency != market->currency)
    throw Fault("order.currency_mismatch", "orders to " + order.ship_to.country + " are in " +
                                               std::string(market->currency) + ", this one is in " +
                                               order.currency);
}

}  // namespace shop

#include "amount.h"

/* Far from where 64 bits end, also times a million. */
static const int64_t most = 1000000000000;

static int is_number(const json_t *value, int64_t limit) {
    return json_is_integer(value) && json_integer_value(value) >= 0 && json_integer_value(value) <= limit;
}

const char *amount_of_items(const json_t *context, int64_t *cents) {
    const json_t *items = json_object_get(context, "items");
    if (!json_is_array(items) || json_array_size(items) == 0) return "the context has no items";
    for (size_t i = 0; i < json_array_size(items); ++i) {
        const json_t *price = json_object_get(json_array_get(items, i), "price_cents");
        const json_t *quantity = json_object_get(json_array_get(items, i), "quantity");
        if (!is_number(price, most)) return "price_cents is not a whole number from 0 to 10^12";
        if (!is_number(quantity, 1000000)) return "quantity is not a whole number from 0 to 10^6";
        *cents += json_integer_value(price) * json_integer_value(quantity);
        if (*cents > most) return "the amount is too large";
    }
    return NULL;
}

const char *amount_of_result(const json_t *result, int64_t *cents) {
    const json_t *amount = json_object_get(result, "amount_cents");
    if (!is_number(amount, most)) return "amount_cents is not a whole number from 0 to 10^12";
    *cents = json_integer_value(amount);
    return NULL;
}

const char *amount_add_percent(int64_t *cents, const json_t *percent) {
    if (percent == NULL) return NULL;
    if (!is_number(percent, 1000)) return "percent is not a whole number from 0 to 1000";
    *cents += (*cents * json_integer_value(percent) + 50) / 100;
    return *cents > most ? "the amount is too large" : NULL;
}

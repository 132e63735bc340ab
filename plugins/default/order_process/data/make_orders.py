#!/usr/bin/env python3
"""Writes the sample orders: the same bytes for the same arguments, on any machine.

    ./make_orders.py                                  the 200 orders and their expected outcomes, beside this script
    ./make_orders.py --count 2000 --all-valid DIR     2,000 orders of which every one succeeds at once, for load

Order 123 and order 12345 are among the first, so that the examples that use these numbers find them.
"""
import argparse
import json
import pathlib
import random

FIRST = ["Anna", "Björn", "Chloé", "Daan", "Emma", "Félix", "Giulia", "Hannah", "Isabel", "James", "Klara", "Luca",
         "Mia", "Noah", "Olivia", "Pablo", "Quentin", "Rosa", "Sofia", "Thomas", "Ursula", "Vera", "William", "Zoë"]
LAST = ["Andersson", "Bauer", "Conti", "Dubois", "Evans", "Fischer", "García", "Hughes", "Jansen", "Keller", "Lopez",
        "Martin", "Müller", "Nguyen", "O'Brien", "Patel", "Rossi", "Schmidt", "Tremblay", "Visser", "Weber", "Young"]

# sku, name, price in cents (of any currency; ten times that in SEK), tax class
PRODUCTS = [
    ("BK-1001", "The C++ Programming Language", 5499, "reduced"),
    ("BK-1002", "PostgreSQL: Up and Running", 3990, "reduced"),
    ("BK-1003", "A Pattern Language", 6250, "reduced"),
    ("FD-2001", "Espresso beans, 1 kg", 1890, "reduced"),
    ("FD-2002", "Dark chocolate, 10 bars", 2450, "reduced"),
    ("FD-2003", "Olive oil, 3 l", 3295, "reduced"),
    ("EL-3001", "Mechanical keyboard", 11900, "standard"),
    ("EL-3002", "USB-C dock", 14999, "standard"),
    ("EL-3003", "Noise-cancelling headphones", 24900, "standard"),
    ("EL-3004", "HDMI cable, 2 m", 1299, "standard"),
    ("HM-4001", "Enamel mug", 1450, "standard"),
    ("HM-4002", "Wool blanket", 7995, "standard"),
    ("HM-4003", "Cast-iron pan", 5990, "standard"),
    ("HM-4004", "Desk lamp", 4575, "standard"),
    ("OF-5001", "Notebook, dotted, A5", 1295, "standard"),
    ("OF-5002", "Fountain pen", 2995, "standard"),
    ("CL-6001", "Merino sweater", 8990, "standard"),
    ("CL-6002", "Rain jacket", 12950, "standard"),
]

# country, currency, streets, places as (city, region, postal code)
PLACES = [
    ("DE", "EUR", ["Lindenstraße {}", "Hauptstraße {}", "Goetheweg {}"],
     [("Berlin", "", "10115"), ("Hamburg", "", "20095"), ("München", "", "80331"), ("Dresden", "", "01067")]),
    ("FR", "EUR", ["{} rue de la République", "{} avenue Jean Jaurès"],
     [("Paris", "", "75011"), ("Lyon", "", "69002"), ("Nantes", "", "44000")]),
    ("NL", "EUR", ["Kerkstraat {}", "Molenweg {}"],
     [("Amsterdam", "", "1017 GC"), ("Utrecht", "", "3511 AB"), ("Delft", "", "2611 RX")]),
    ("ES", "EUR", ["Calle Mayor {}", "Avenida de la Constitución {}"],
     [("Madrid", "", "28013"), ("Sevilla", "", "41001"), ("Barcelona", "", "08002")]),
    ("IT", "EUR", ["Via Roma {}", "Corso Garibaldi {}"],
     [("Milano", "", "20121"), ("Torino", "", "10123"), ("Roma", "", "00184")]),
    ("AT", "EUR", ["Mariahilfer Straße {}", "Schulgasse {}"],
     [("Wien", "", "1060"), ("Graz", "", "8010"), ("Salzburg", "", "5020")]),
    ("CH", "CHF", ["Bahnhofstrasse {}", "Seeweg {}"],
     [("Zürich", "", "8001"), ("Bern", "", "3011"), ("Lausanne", "", "1003")]),
    ("SE", "SEK", ["Storgatan {}", "Drottninggatan {}"],
     [("Stockholm", "", "111 21"), ("Göteborg", "", "411 03"), ("Malmö", "", "211 34")]),
    ("GB", "GBP", ["{} High Street", "{} Station Road", "{} Church Lane"],
     [("London", "", "SW1A 2AA"), ("Manchester", "", "M1 1AE"), ("Edinburgh", "", "EH1 1YZ"), ("Leeds", "", "LS1 4DY")]),
    ("US", "USD", ["{} Maple Avenue", "{} Oak Street", "{} 5th Street"],
     [("Brooklyn", "NY", "11201"), ("Austin", "TX", "78701"), ("Portland", "OR", "97205"), ("Seattle", "WA", "98101"),
      ("San Francisco", "CA", "94110-1234"), ("Chicago", "IL", "60614")]),
    ("CA", "CAD", ["{} Queen Street", "{} King Street"],
     [("Toronto", "ON", "M5V 2T6"), ("Montréal", "QC", "H2X 1Y4"), ("Vancouver", "BC", "V6B 1A1")]),
]

ASCII = str.maketrans("äöüéëíßñçà", "aoueeisnca", "' ")
TOKENS = [("card", "tok_visa"), ("card", "tok_mastercard"), ("card", "tok_amex"), ("sepa_debit", "tok_sepa")]
DISCOUNTS = ["WELCOME5", "SPRING10", "LOYAL15"]


class Source:
    """Only random(), whose numbers Python promises to keep for a seed, unlike those of choice() and sample()."""

    def __init__(self, seed):
        self.random = random.Random(seed).random

    def below(self, bound):
        return int(self.random() * bound)

    def pick(self, things):
        return things[self.below(len(things))]


def make_order(order_id, number, source):
    country, currency, streets, cities = source.pick(PLACES)
    city, region, postal_code = source.pick(cities)
    first, last = source.pick(FIRST), source.pick(LAST)
    name = f"{first} {last}"
    method, token = source.pick(TOKENS if currency == "EUR" else TOKENS[:3])
    items = []
    start = source.below(len(PRODUCTS))
    for k in range(1 + source.below(4)):
        sku, title, price, tax_class = PRODUCTS[(start + 5 * k) % len(PRODUCTS)]
        items.append({"sku": sku, "name": title, "quantity": 1 + source.below(3),
                      "unit_price_cents": price * (10 if currency == "SEK" else 1), "tax_class": tax_class})
    order = {
        "order_id": order_id,
        "placed_at": f"2026-03-{1 + number * 27 // 200 % 28:02d}T{8 + number % 12:02d}:{number * 7 % 60:02d}:00Z",
        "currency": currency,
        "customer": {"name": name, "email": f"{first}.{last}@mail.example".lower().translate(ASCII)},
        "shipping_address": {"name": name, "street": source.pick(streets).format(1 + source.below(120)), "city": city,
                             "region": region, "postal_code": postal_code, "country": country},
        "items": items,
        "payment": {"method": method, "token": token},
    }
    if source.random() < 0.3:
        order["discount_code"] = source.pick(DISCOUNTS)
    return order


def break_postcode(order):
    order["shipping_address"]["postal_code"] = "ABC"


def break_cart(order):
    order["items"] = []


def break_email(order):
    order["customer"]["email"] = order["customer"]["email"].replace("@", " at ")


def break_item(order):
    order["items"][0]["quantity"] = 0


def break_currency(order):
    order["currency"] = "JPY"


def break_country(order):
    order["shipping_address"]["country"] = "AQ"


# place in the list -> what is done to the order there, and the code that validate_order answers
INVALID = {11: (break_postcode, "order.invalid_postcode"), 44: (break_cart, "order.empty_cart"),
           71: (break_email, "order.invalid_email"), 118: (break_item, "order.invalid_item"),
           146: (break_currency, "order.currency_mismatch"), 183: (break_country, "order.unsupported_country")}
FLAKY = {5: 1, 23: 2, 37: 1, 58: 1, 66: 2, 84: 1, 103: 1, 127: 2, 139: 1, 155: 1, 168: 2, 191: 1}
DECLINED = 95


def order_ids(count):
    return ([123, 12345] + list(range(1001, 1001 + count)))[:count]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", default=pathlib.Path(__file__).parent, type=pathlib.Path)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--all-valid", action="store_true")
    arguments = parser.parse_args()

    source = Source(20260301)
    orders, exceptions = [], []
    for number, order_id in enumerate(order_ids(arguments.count)):
        order = make_order(order_id, number, source)
        orders.append(order)
        if arguments.all_valid:
            continue
        if number in INVALID:
            spoil, code = INVALID[number]
            spoil(order)
            exceptions.append({"order_id": order_id, "status": "error", "failed_step": "validate_order", "code": code})
        elif number in FLAKY:
            order["payment"] = {"method": "card", "token": f"tok_flaky_{FLAKY[number]}"}
            exceptions.append({"order_id": order_id, "status": "complete", "payment_attempts": 1 + FLAKY[number]})
        elif number == DECLINED:
            order["payment"] = {"method": "card", "token": "tok_declined"}
            exceptions.append({"order_id": order_id, "status": "error", "failed_step": "process_payment",
                               "code": "card.declined"})

    lines = ",\n".join(json.dumps(order, ensure_ascii=False) for order in orders)
    (arguments.folder / "orders.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    failed = sum(1 for e in exceptions if e["status"] == "error")
    charged = sum(1 for e in exceptions if e["status"] == "error" and e["failed_step"] == "process_payment")
    retries = sum(e.get("payment_attempts", 1) - 1 for e in exceptions)
    complete = len(orders) - failed
    expected = {
        "orders": len(orders), "complete": complete, "error": failed, "retries": retries,
        # validate_order for all; process_payment for all but the invalid; send_confirmation for the complete
        "attempts": len(orders) + complete + charged + retries + complete,
        "ledger_lines": 3 * complete + charged,
        "otherwise": {"status": "complete", "payment_attempts": 1},
        "exceptions": exceptions,
    }
    (arguments.folder / "expected.json").write_text(json.dumps(expected, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

// The parts of a confirmation mail that both editions share. Pure text.
#pragma once

#include <string>
#include <string_view>

#include "edition.h"

namespace order_process {

// The headers up to, not including, Content-Type.
std::string mail_headers(const Confirmation& confirmation);

// Greeting, payment, and the lines of the order; the edition adds the sums.
std::string text_of_items(const Confirmation& confirmation);

// "Subtotal ......... EUR 12.34\n", aligned with the order's lines.
std::string sum_line(std::string_view label, std::int64_t cents, const std::string& currency);

std::string escape_html(std::string_view text);

}  // namespace order_process

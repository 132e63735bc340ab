// The parts of a confirmation mail that both editions share. Pure text.
#pragma once

#include <string>

#include "edition.h"
#include "shop/mail.h"

namespace order_process {

using shop::sum_line;

// The headers up to, not including, Content-Type.
std::string mail_headers(const Confirmation& confirmation);

// Greeting, payment, and the lines of the order; the edition adds the sums.
std::string text_of_items(const Confirmation& confirmation);

}  // namespace order_process

// A mail message as the outbox holds it: headers, a blank line, the body. The mail agent stamps the Date when
// it sends. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace shop {

struct Letter {
  std::string to;  // an address; checked before
  std::string subject;
  std::string message_id;  // the same whenever the step runs again
};

// The headers up to, not including, Content-Type. Throws Fault `mail.malformed` when a field would add a
// line.
std::string mail_headers(const Letter& letter);

std::string plain_mail(const Letter& letter, const std::string& body);

// "  Subtotal           EUR 12.34\n", aligned with the others.
std::string sum_line(std::string_view label, std::int64_t cents, const std::string& currency);

}  // namespace shop

#include "mail.h"

#include "fault.h"
#include "money.h"
#include "text.h"

namespace shop {
namespace {

constexpr std::size_t kLabelWidth = 50;

std::string pad(std::string text, std::size_t width) {
  // Bytes of a UTF-8 character after its first take no room on the line.
  std::size_t shown = 0;
  for (const char c : text) shown += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  if (shown < width) text.append(width - shown, ' ');
  return text;
}

}  // namespace

std::string mail_headers(const Letter& letter) {
  if (!is_email(letter.to) || !is_plain(letter.subject))
    throw Fault("mail.malformed",
                "no mail can be sent to \"" + letter.to + "\" about \"" + letter.subject + "\"");
  return "From: Example Shop <orders@shop.example>\nTo: <" + letter.to + ">\nSubject: " + letter.subject +
         "\nMessage-ID: <" + letter.message_id + "@shop.example>\nMIME-Version: 1.0\n";
}

std::string plain_mail(const Letter& letter, const std::string& body) {
  return mail_headers(letter) + "Content-Type: text/plain; charset=utf-8\n\n" + body;
}

std::string sum_line(std::string_view label, std::int64_t cents, const std::string& currency) {
  return pad("  " + std::string(label), kLabelWidth) + format_money(cents, currency) + "\n";
}

}  // namespace shop

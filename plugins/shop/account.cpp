#include "account.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "fault.h"
#include "text.h"

namespace shop {
namespace {

std::string member(const nlohmann::json& fields, const char* name) {
  const auto found = fields.is_object() ? fields.find(name) : fields.end();
  if (found == fields.end() || !found->is_string())
    throw Fault("user.malformed", std::string(name) + " is missing or no text");
  return lower_case(found->get<std::string>());
}

bool is_username(const std::string& text) {
  const auto fits = [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  };
  return text.size() >= 3 && text.size() <= 32 && text[0] >= 'a' && text[0] <= 'z' &&
         std::all_of(text.begin(), text.end(), fits);
}

}  // namespace

Account account_from(const nlohmann::json& fields) {
  Account account{member(fields, "email"), member(fields, "username")};
  if (!is_email(account.email))
    throw Fault("user.invalid_email", "\"" + account.email + "\" is no e-mail address");
  if (!is_username(account.username))
    throw Fault("user.invalid_username",
                "\"" + account.username +
                    "\" is no user name: 3 to 32 letters, digits, '.', '_' and '-', a letter first");
  return account;
}

std::vector<std::string> claims_of(const std::string& what, const Account& account) {
  return {what + " with email " + account.email, what + " with username " + account.username};
}

}  // namespace shop

// Who a person is to the shop: an e-mail address and a user name, each in its usual form. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace shop {

struct Account {
  std::string email;     // lower case
  std::string username;  // lower case; 3 to 32 letters, digits, '.', '_' and '-', a letter first
};

// From the members "email" and "username". Throws Faults user.malformed, user.invalid_email,
// user.invalid_username.
Account account_from(const nlohmann::json& fields);

// What a ledger's effect holds exclusively so that nobody else gets this address or name as a `what`: "user",
// "onboarding".
std::vector<std::string> claims_of(const std::string& what, const Account& account);

}  // namespace shop

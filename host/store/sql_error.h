// Turns what libpqxx throws into an Error. Call inside a catch block. [any] thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace tasker::store {

// What a connection does next; the Error is for the caller.
enum class SqlFailure {
  call,       // this call failed, the connection is fine
  transient,  // deadlock or serialization failure: repeating the same call is expected to succeed
  broken,     // the connection is gone; whether the call was carried out is not known
  read_only   // broken, and so are all others to this server: only its name, looked up anew, finds the one that writes
};

struct SqlError {
  SqlFailure failure = SqlFailure::call;
  Error error;
  std::string state = {};  // the SQLSTATE; empty when the server gave none
};

// `doing` completes "the database refused to ...": a query's name.
SqlError current_sql_error(std::string_view doing);

// A new connection whose server takes no writes.
Error read_only_error();

// A SQLSTATE's place in the table, for tests.
SqlError sql_error_of(std::string_view sqlstate, std::string_view text, std::string_view doing);

}  // namespace tasker::store

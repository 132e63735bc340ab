// Which function of an ELF file an address belongs to, from its symbol table, and a C++ name as people write it. For a signal
// handler: nothing is allocated or locked, and what the file says is checked against its bounds before it is believed. Pure; any
// thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace tasker::plugin {

struct FunctionAt {
  std::string_view name;     // into the file, mangled; empty: unknown
  std::uint64_t offset = 0;  // of the address from its start
};

// `address` as the file has it, before it is loaded anywhere. A stripped file knows only what it exports.
FunctionAt function_at(std::span<const unsigned char> file, std::uint64_t address);

// Writes "(anonymous namespace)::charge" for "_ZN12_GLOBAL__N_16chargeERKN6tasker4CallE" into `room`: scopes and names, no arguments.
// It ends with "<...>" where a template's arguments begin. What is more than that (operators, lambdas) is answered as it came.
std::string_view readable_name(std::string_view mangled, std::span<char> room);

}  // namespace tasker::plugin

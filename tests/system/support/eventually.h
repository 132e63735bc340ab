// Waiting in system tests: a condition is looked at again and again until it holds or a deadline has passed. What is
// watched lies in another process, so there is nothing to be notified by.
#pragma once

#include <chrono>
#include <functional>

namespace tasker::test {

// Long enough for a loaded machine; a test that needs it all has failed anyway.
constexpr auto kPatience = std::chrono::seconds(90);

// False when the deadline passed. The pause between looks is not a wait for anything: it leaves the processor to the host.
bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds deadline = kPatience,
                std::chrono::milliseconds pause = std::chrono::milliseconds(10));

}  // namespace tasker::test

// What a status means for the step, as the seed's API step handler has it: 200 to 226 is success; 400, 401, 403, 404
// and 422 are final; 429 and 503 are retried when the server says or after a backoff; every other one is retried by the
// step's own policy. Pure, but for the jitter.
#pragma once

#include <chrono>
#include <ctime>
#include <optional>
#include <string>

#include "answer.h"
#include "request.h"

namespace std_http {

// Returns for a success. Throws PermanentError or RetryableError with the code HTTP_<status>.
void judge(const Answer& answer, const Backoff& backoff, int attempt, std::time_t now);

// "120" or an HTTP date; nothing when it is neither. A date that has passed is 0.
std::optional<std::chrono::seconds> retry_after_from(const std::string& text, std::time_t now);

// 1, 2, 4, 8, 16, 32, then attempt^2, times the delay, at most 300 s, spread by the jitter.
milliseconds backoff_delay(const Backoff& backoff, int attempt, double random01);

}  // namespace std_http

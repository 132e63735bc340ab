#include "engine/backoff.h"

#include <random>

namespace tasker::engine {

Millis jittered(Millis pause) {
  thread_local std::minstd_rand random{std::random_device{}()};
  return pause - Millis(std::uniform_int_distribution<Millis::rep>(0, pause.count() / 4)(random));
}

}  // namespace tasker::engine

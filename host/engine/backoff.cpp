#include "engine/backoff.h"

#include <random>

namespace tasker::engine {

Micros jittered(Micros pause) {
  thread_local std::minstd_rand random{std::random_device{}()};
  return pause - Micros(std::uniform_int_distribution<Micros::rep>(0, pause.count() / 4)(random));
}

}  // namespace tasker::engine

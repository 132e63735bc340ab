// Takes due work from the queues when this host has room: first steps of submitted tasks, children beyond somebody's
// room, retries that fell due, work of dead hosts. Knows which lanes hold some (peek) and when the next timer falls due;
// idle, it looks every `poll`. On the engine's strand.
#pragma once

#include <deque>
#include <vector>

#include "engine/backoff.h"
#include "engine/core.h"

namespace tasker::engine {

class Dispatcher;

class Claimer {
 public:
  explicit Claimer(Core& core);
  void connect(Dispatcher& dispatcher) { dispatcher_ = &dispatcher; }

  void start();
  void kick();                     // there may be room again
  void look_soon();                // something was queued
  void look_at(SteadyTime when);   // something falls due then
  void forget_all();
  bool idle() const;  // no claim is under way

 private:
  void peek();
  void take(const PeekAnswer& answer);
  void claim(Lane lane);

  Core& core_;
  Dispatcher* dispatcher_ = nullptr;
  std::deque<Lane> due_;         // lanes that hold due work, next first
  std::vector<bool> listed_;     // by lane: in due_
  std::vector<bool> claiming_;   // by writer: a claim is under way
  bool peeking_ = false;
  bool peek_again_ = false;
  SteadyTime next_look_ = SteadyTime::max();
  Backoff peek_pause_;
  Backoff claim_pause_;
};

}  // namespace tasker::engine

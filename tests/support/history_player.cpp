#include "support/history_player.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <random>
#include <sstream>

#include "base/json.h"
#include "base/sha256.h"
#include "support/awaited.h"

namespace tasker::test {
namespace {

using Kind = Happening::Kind;
using engine::ClaimedStep;
using engine::FinishedAttempt;
using model::OutcomeKind;

constexpr int kLanes = 16;

struct Failed {
  std::string what;
};
// The connection was cut, as the store does when a machine stands still for long: what the call did is not
// known here.
struct Abandoned {};
int abandoned = 0;

class Player {
 public:
  Player(const History& history, HistoryWorld& world)
      : history_(history), world_(world), graphs_(history.graphs) {}

  std::string play() {
    try {
      begin();
      for (const Happening& happening : history_.happenings) {
        random_.seed(happening.salt);
        happen(happening.kind);
        compare_rows();
      }
      finish();
      return "";
    } catch (const Abandoned&) {
      ++abandoned;
      std::fprintf(stderr, "a history was abandoned: the database did not answer in time\n");
      world_.forget_all();
      return "";
    } catch (const Failed& failed) {
      return failed.what + "\n" + history_.text() + told_.str();
    }
  }

 private:
  int pick(int low, int high) {
    return low + static_cast<int>(random_() % static_cast<unsigned>(high - low + 1));
  }
  bool maybe(int of) { return pick(1, of) == 1; }
  template <class T>
  const T& any(const std::vector<T>& all) {
    return all[static_cast<std::size_t>(pick(0, static_cast<int>(all.size()) - 1))];
  }
  void require(const std::string& wrong, const std::string& where) {
    if (!wrong.empty()) throw Failed{where + ": " + wrong};
  }
  template <class T>
  T well(Result<T> answer, const std::string& where) {
    if (!answer && answer.error().code == Code::database_unavailable) throw Abandoned{};
    if (!answer) throw Failed{where + " was refused: " + answer.error().message};
    return std::move(*answer);
  }

  void begin() {
    static int published = 0;
    for (ModelGraph& graph : graphs_) {
      std::string text;
      for (std::size_t i = 0; i < graph.steps.size(); ++i) {
        text += (i ? "; s" : "s") + std::to_string(1000 + i) + ":";
        for (const int parent : graph.steps[i].parents) text += " s" + std::to_string(1000 + parent - 1);
      }
      auto made =
          std::make_shared<model::TaskTemplate>(*template_of("history_" + std::to_string(++published), text));
      // Ords are the template's; the graph is told anew in them.
      ModelGraph as_made;
      for (auto& step : made->steps) {
        const auto& from = graph.steps[static_cast<std::size_t>(std::stoi(step.name.substr(1)) - 1000)];
        step.retry_limit = from.retry_limit;
        step.retryable = from.retryable;
        as_made.steps.push_back(
            {{step.parents.begin(), step.parents.end()}, step.retry_limit, step.retryable});
      }
      made->definition = "{\"history\":" + std::to_string(published) + "}";
      made->digest = sha256_hex(made->definition);
      const Published ids = world_.publish(made);
      graph.steps = as_made.steps;
      graph.template_id = raw(ids.template_id);
      graph.plugin = raw(ids.plugin_id);
    }
    for (int i = 0; i < 3; ++i) add_host();
  }

  void add_host() {
    const HostId host = well(await<HostId>([&](auto reply) {
                               world_.store().register_host({"h", "1", "p"}, reply);
                             }),
                             "register");
    model_.add_host(raw(host));
    hosts_.push_back(raw(host));
  }

  ReferenceModel::Plugins some_plugins() {
    ReferenceModel::Plugins plugins;
    const bool all = !maybe(4);
    for (const ModelGraph& graph : graphs_) {
      if (all || maybe(2)) plugins.insert(graph.plugin);
    }
    return plugins;
  }
  static std::shared_ptr<const std::vector<PluginId>> list_of(const ReferenceModel::Plugins& plugins) {
    auto list = std::make_shared<std::vector<PluginId>>();
    for (const int id : plugins) list->push_back(static_cast<PluginId>(id));
    return list;
  }

  void happen(Kind kind) {
    switch (kind) {
      case Kind::submit:
        return submit();
      case Kind::claim:
        return claim(any(hosts_), pick(1, 6), some_plugins());
      case Kind::complete:
        return complete(any(hosts_));
      case Kind::repeat:
        return repeat();
      case Kind::hand_back:
        return hand_back(any(hosts_));
      case Kind::die:
        return die();
      case Kind::leave:
        return leave();
      case Kind::call_of_the_dead:
        return call_of_the_dead();
      case Kind::operate:
        return operate();
      case Kind::pass:
        return pass(pick(1, 3) * 30);
      case Kind::look:
        return look();
    }
  }

  void submit() {
    if (tasks_.size() > 40) return;
    const int host = any(hosts_);
    std::vector<ReferenceModel::NewTask> wanted;
    engine::SubmitRequest request;
    for (int i = pick(1, maybe(3) ? 20 : 3); i > 0; --i) {
      const bool later = world_.knows_later_starts() && maybe(6);
      wanted.push_back({&any(graphs_), maybe(2) ? 5 : pick(0, 9), later ? now_ + 60 : 0});
      engine::NewTask task;
      task.template_id = static_cast<TemplateId>(wanted.back().graph->template_id);
      task.priority = wanted.back().priority;
      if (later) task.start_at = in_an_hour();
      request.tasks.push_back(task);
    }
    const auto plugins = some_plugins();
    request.host = static_cast<HostId>(host);
    request.room = pick(0, 12);
    request.plugins = list_of(plugins);
    told_ << "submit by " << host << ", " << wanted.size() << " tasks, room " << request.room << "\n";
    const int room = request.room;
    const auto answer = well(
        await<engine::SubmitAnswer>([&](auto reply) { world_.store().submit(request, reply); }), "submit");
    require(model_.submit(host, wanted, room, plugins, answer), "submit");
    tasks_.insert(tasks_.end(), answer.tasks.begin(), answer.tasks.end());
  }

  static std::string in_an_hour() {
    const auto when =
        std::chrono::system_clock::to_time_t(std::chrono::system_clock::now() + std::chrono::hours(1));
    char text[32];
    std::tm parts{};
    gmtime_r(&when, &parts);
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return text;
  }

  void claim(int host, int room, const ReferenceModel::Plugins& plugins, int lane = -1) {
    if (tasks_.empty()) return;
    if (lane < 0) lane = static_cast<int>(raw(any(tasks_)) % kLanes);
    told_ << "claim by " << host << " in lane " << lane << ", room " << room << "\n";
    const engine::ClaimRequest request{static_cast<HostId>(host), static_cast<Lane>(lane), room,
                                       list_of(plugins)};
    const auto answer = well(
        await<std::vector<ClaimedStep>>([&](auto reply) { world_.store().claim(request, reply); }), "claim");
    require(model_.claim(host, lane, room, plugins, answer), "claim");
  }

  int writer_of(const StepKey& step) const {
    return static_cast<int>(raw(step.task) % kLanes) % world_.store().writers();
  }

  FinishedAttempt outcome_of(const Fence& fence, bool ok) {
    constexpr OutcomeKind kinds[] = {OutcomeKind::retry, OutcomeKind::wait, OutcomeKind::fail,
                                     OutcomeKind::timed_out, OutcomeKind::cancelled};
    FinishedAttempt attempt;
    attempt.fence = fence;
    attempt.kind = ok ? OutcomeKind::ok : kinds[pick(0, 4)];
    attempt.payload = ok ? "{\"n\":1}" : "";
    attempt.delay = std::chrono::hours(pick(0, 1));
    attempt.ended = std::chrono::steady_clock::now();
    return attempt;
  }

  // Steps that the host holds, of the lanes of one writer; now and then one that it does not, or no longer.
  void complete(int host, bool all_ok = false) {
    const auto held = model_.in_progress_under(host);
    if (held.empty()) return;
    const int writer = writer_of(any(held).step);
    const int bad = all_ok ? 0 : pick(0, 2);
    const int foreign = maybe(3) ? 1 : 8;
    std::vector<FinishedAttempt> batch;
    for (const Fence& fence : held) {
      if (writer_of(fence.step) != writer || (!all_ok && maybe(4))) continue;
      batch.push_back(outcome_of(fence, bad == 0 || !maybe(bad == 1 ? 6 : 2)));
    }
    for (const Fence& fence : all_ok ? std::vector<Fence>{} : model_.in_progress_under(any(hosts_))) {
      if (writer_of(fence.step) != writer || !maybe(foreign)) continue;
      const bool named =
          std::any_of(batch.begin(), batch.end(), [&](const auto& a) { return a.fence.step == fence.step; });
      if (!named) batch.push_back(outcome_of({fence.step, fence.claim_no - (maybe(3) ? 1 : 0)}, true));
    }
    if (batch.empty()) return;
    send(host, batch, all_ok ? 1000 : pick(0, 1) * pick(0, 12) + pick(0, 3),
         all_ok ? all_plugins() : some_plugins());
    sent_.push_back({host, batch});
  }

  void send(int host, std::vector<FinishedAttempt> batch, int room, const ReferenceModel::Plugins& plugins) {
    auto request = std::make_shared<engine::CompleteRequest>();
    std::sort(batch.begin(), batch.end(), [](const auto& a, const auto& b) { return a.fence < b.fence; });
    told_ << "complete by " << host << ", room " << room << ":";
    for (const auto& attempt : batch) {
      told_ << " " << raw(attempt.fence.step.task) << "/" << attempt.fence.step.ord << "#"
            << attempt.fence.claim_no << "=" << model::outcome_text(attempt.kind);
    }
    told_ << "\n";
    *request = {static_cast<HostId>(host), batch, room, list_of(plugins)};
    const auto answer =
        well(await<engine::CompleteAnswer>([&](auto reply) { world_.store().complete(request, reply); }),
             "complete");
    require(model_.complete(host, batch, room, plugins, answer), "complete");
  }

  // The answer of a former call got lost: all of it is sent again, perhaps with what ended since.
  void repeat() {
    if (sent_.empty()) return;
    auto [host, batch] =
        sent_[sent_.size() - 1 -
              static_cast<std::size_t>(pick(0, std::min<int>(5, static_cast<int>(sent_.size()) - 1)))];
    if (!model_.is_alive(host)) return;
    for (const Fence& fence : model_.in_progress_under(host)) {
      const bool named =
          std::any_of(batch.begin(), batch.end(), [&](const auto& a) { return a.fence.step == fence.step; });
      if (!named && writer_of(fence.step) == writer_of(batch[0].fence.step) && maybe(3))
        batch.push_back(outcome_of(fence, !maybe(4)));
    }
    told_ << "again: ";
    send(host, batch, pick(0, 8), some_plugins());
  }

  void hand_back(int host) {
    std::vector<Fence> fences;
    for (Fence fence : model_.in_progress_under(host)) {
      if (maybe(5)) --fence.claim_no;
      if (maybe(2)) fences.push_back(fence);
    }
    if (fences.empty()) return;
    told_ << "hand back by " << host << " of " << fences.size() << "\n";
    const int count = well(
        await<int>([&](auto reply) { world_.store().hand_back(static_cast<HostId>(host), fences, reply); }),
        "hand back");
    require(model_.hand_back(host, fences, count), "hand back");
  }

  int remove_host() {
    const auto at = hosts_.begin() + pick(0, static_cast<int>(hosts_.size()) - 1);
    const int gone = *at;
    hosts_.erase(at);
    dead_.push_back(gone);
    add_host();
    return gone;
  }

  void take_over(const std::vector<int>& dead) {
    std::vector<HostId> ids;
    for (const int host : dead) ids.push_back(static_cast<HostId>(host));
    const auto by = static_cast<HostId>(any(hosts_));
    const int count =
        well(await<int>([&](auto reply) { world_.store().reclaim(by, ids, reply); }), "takeover");
    require(model_.reclaim(dead, count), "takeover");
  }

  void die() {
    const int gone = remove_host();
    told_ << "death of " << gone << "\n";
    take_over({gone});
  }

  // Its steps stay with it until somebody looks after the dead.
  void leave() {
    const int gone = remove_host();
    told_ << "host " << gone << " leaves\n";
    well(await<int>([&](auto reply) { world_.store().leave(static_cast<HostId>(gone), reply); }), "leave");
    model_.leave(gone);
  }

  void call_of_the_dead() {
    if (dead_.empty() || tasks_.empty()) return;
    const auto dead = static_cast<HostId>(any(dead_));
    told_ << "call of the dead " << raw(dead) << "\n";
    auto request = std::make_shared<engine::CompleteRequest>();
    const TaskId task = any(tasks_);
    *request = {dead,
                {outcome_of({{task, 1}, 1}, true)},
                5,
                list_of(all_plugins())};
    const auto answer =
        await<engine::CompleteAnswer>([&](auto reply) { world_.store().complete(request, reply); });
    if (answer || answer.error().code != Code::host_dead) throw Failed{"a dead host may complete"};
    const engine::ClaimRequest wish{dead, static_cast<Lane>(raw(task) % kLanes), 5, list_of(all_plugins())};
    const auto claimed =
        await<std::vector<ClaimedStep>>([&](auto reply) { world_.store().claim(wish, reply); });
    if (claimed || claimed.error().code != Code::host_dead) throw Failed{"a dead host may claim"};
  }

  void operate() {
    if (tasks_.empty()) return;
    const TaskId task = any(tasks_);
    const int what = pick(0, 6);
    told_ << (what == 0 ? "cancel " : what <= 3 ? "pause " : "resume ") << raw(task) << "\n";
    if (what == 0)
      world_.cancel(task), model_.cancel(raw(task));
    else if (what <= 3)
      world_.pause(task), model_.pause(raw(task));
    else
      world_.resume(task), model_.resume(raw(task));
  }

  void pass(long minutes) {
    told_ << minutes << " minutes pass\n";
    world_.pass(minutes, tasks_);
    model_.pass(minutes);
    now_ += minutes;
  }

  void look() {
    told_ << "look\n";
    if (tasks_.empty()) return;
    const int host = any(hosts_);
    const auto held = well(await<std::vector<ClaimedStep>>(
                               [&](auto reply) { world_.store().held(static_cast<HostId>(host), reply); }),
                           "held");
    require(model_.held(host, held), "held");
    const auto plugins = some_plugins();
    const auto peeked = well(
        await<engine::PeekAnswer>([&](auto reply) { world_.store().peek(list_of(plugins), reply); }), "peek");
    require(model_.peek(plugins, peeked), "peek");
    require(world_.look_closely(model_, tasks_), "a close look");
  }

  void compare_rows() {
    if (tasks_.empty()) return;
    const auto seen = world_.see(tasks_);
    for (const auto& [id, task] : model_.tasks()) {
      const auto found = seen.find(id);
      if (found == seen.end()) throw Failed{"task " + std::to_string(id) + " is gone"};
      const SeenTask& row = found->second;
      if (row.state != task.state || row.ended != task.ended) {
        throw Failed{"task " + std::to_string(id) + " is " + row.state + (row.ended ? " and ended" : "") +
                     ", not " + task.state + (task.ended ? " and ended" : "")};
      }
      if (row.steps.size() != task.steps.size())
        throw Failed{"task " + std::to_string(id) + " has another number of steps"};
      for (int ord = 1; ord <= static_cast<int>(task.steps.size()); ++ord)
        compare_step(id, ord, row.steps[static_cast<std::size_t>(ord - 1)], task.step(ord));
    }
  }

  static void compare_step(long id, int ord, const SeenTask::Step& row, const ModelStep& step) {
    const bool same_host = step.state != "in_progress" || row.host == step.host;
    if (row.state == step.state && row.claim_no == step.claim_no && same_host &&
        row.attempts == step.attempts && row.lost == step.lost)
      return;
    std::ostringstream text;
    text << "step " << id << "/" << ord << " is " << row.state << ", claim " << row.claim_no << " of host "
         << row.host << ", attempts " << row.attempts << ", lost " << row.lost << "; not " << step.state
         << ", claim " << step.claim_no << " of host " << step.host << ", attempts " << step.attempts
         << ", lost " << step.lost;
    throw Failed{text.str()};
  }

  ReferenceModel::Plugins all_plugins() const {
    ReferenceModel::Plugins plugins;
    for (const ModelGraph& graph : graphs_) plugins.insert(graph.plugin);
    return plugins;
  }

  // Whatever happened: left to itself, everything ends.
  void finish() {
    random_.seed(1);
    told_ << "to the end\n";
    if (!dead_.empty()) take_over(dead_);
    for (const TaskId task : tasks_) world_.resume(task), model_.resume(raw(task));
    pass(1000);
    for (int round = 0; round < 100 && !model_.is_at_rest(); ++round) {
      for (int lane = 0; lane < kLanes; ++lane) claim(hosts_[0], 1000, all_plugins(), lane);
      for (const int host : hosts_) {
        while (!model_.in_progress_under(host).empty()) complete(host, true);
      }
    }
    compare_rows();
    look();
    for (const auto& [id, task] : model_.tasks()) {
      if (!task.ended) throw Failed{"task " + std::to_string(id) + " never ends: " + task.state};
    }
  }

  const History& history_;
  HistoryWorld& world_;
  std::vector<ModelGraph> graphs_;
  ReferenceModel model_;
  std::mt19937 random_;
  std::vector<int> hosts_, dead_;
  std::vector<TaskId> tasks_;
  std::vector<std::pair<int, std::vector<FinishedAttempt>>> sent_;
  long now_ = 0;
  std::ostringstream told_;
};

}  // namespace

std::string play(const History& history, HistoryWorld& world) {
  std::string failure = Player(history, world).play();
  if (!failure.empty()) world.forget_all();
  return failure;
}

void play_many(HistoryWorld& world, unsigned seed, int count) {
  const int before = abandoned;
  for (int i = 0; i < count; ++i) {
    const unsigned each = seed + static_cast<unsigned>(i);
    const auto history = History::random(each, 20 + static_cast<int>(each % 3) * 20);
    const std::string failure = play(history, world);
    if (failure.empty()) continue;
    std::fprintf(stderr, "history %u fails: %s\nmaking it smaller ...\n", each,
                 failure.substr(0, failure.find('\n')).c_str());
    const History small = shrunk(history, [&](const History& smaller) { return play(smaller, world); });
    const std::string again = play(small, world);
    ADD_FAILURE() << "TASKER_SEED=" << each << " TASKER_HISTORIES=1 repeats this one:\n"
                  << failure
                  << (again.empty() ? "\nit did not fail again" : "\nas small as it gets:\n" + again);
    return;
  }
  EXPECT_LE(abandoned - before, 2 + count / 10) << "histories were abandoned";
}

}  // namespace tasker::test

#include "app/plugin_verbs.h"

#include <cstdio>
#include <functional>

#include <spdlog/fmt/fmt.h>

#include "app/api_client.h"
#include "app/document.h"
#include "app/interrupt.h"
#include "app/plugin_text.h"
#include "base/json.h"

namespace tasker::app {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kPause = std::chrono::milliseconds(200);
constexpr auto kLongPause = std::chrono::milliseconds(1000);
constexpr auto kFollow = std::chrono::seconds(5);        // hosts hear of it within a second
constexpr auto kTry = std::chrono::seconds(30);          // a plugin is tried, opened and initialised within it
constexpr auto kFarewell = std::chrono::minutes(3);      // of a host that was to say what became of its plugin
constexpr auto kHostPatience = std::chrono::minutes(1);  // with a host or database that is away

std::string path_of(const PluginVersionArguments& plugin) {
  return fmt::format("/plugins/{}/{}/{}", ApiClient::escape(plugin.namespace_name), ApiClient::escape(plugin.name),
                     ApiClient::escape(plugin.version));
}

std::string label_of(const PluginVersionArguments& plugin) {
  return fmt::format("{}/{} {}", plugin.namespace_name, plugin.name, plugin.version);
}

ExitCode print_plugin(const std::string& body, const Client& client) {
  if (is_document(client.output)) return print_document(body, client.output);
  const auto shown = text_of_plugin(body, terminal_of_stdout(client.colour));
  if (!shown) return report(shown.error());
  std::fwrite(shown->data(), 1, shown->size(), stdout);
  return ExitCode::ok;
}

// The answer as a document, or one sentence.
ExitCode print_outcome(const std::string& body, const Client& client) {
  if (is_document(client.output)) return print_document(body, client.output);
  const auto view = read_plugin(body);
  if (!view) return report(view.error());
  std::printf("%s\n", sentence_of(*view).c_str());
  return ExitCode::ok;
}

// Asks until the hosts have followed, for a few seconds at most.
Result<std::string> followed(ApiClient& client, const std::string& path, std::string body, Interrupt& interrupt,
                             const std::function<bool(const PluginView&)>& has_followed, Clock::duration span = kFollow) {
  for (const auto until = Clock::now() + span; Clock::now() < until;) {
    const auto view = read_plugin(body);
    if (!view) return view.error();
    if (has_followed(*view) || interrupt.wait(kPause)) break;
    auto next = client.get(path);
    if (!next) return next.error();
    body = std::move(*next);
  }
  return body;
}

Error stopped_waiting(const std::string& label, Code code) {
  return make_error(code, fmt::format("{} while waiting; {} goes on draining. See it with: tasker plugin show",
                                      code == Code::command_interrupted ? "interrupted" : "the time is over", label));
}

// Until no host has it any more. What still needs it is told on stderr whenever it changes.
ExitCode wait_until_drained(ApiClient& client, const PluginVersionArguments& plugin, std::string body, Interrupt& interrupt) {
  const auto path = path_of(plugin);
  const auto began = Clock::now();
  auto heard = began, held = began;
  for (std::string told;;) {
    const auto view = read_plugin(body);
    if (!view) return report(view.error());
    const auto now = Clock::now();
    if (view->hosts + view->quarantined_hosts > 0 || view->open_tasks > 0) held = now;
    if (has_left(*view)) {
      const auto printed = print_outcome(body, plugin.client);
      return view->state == "stuck" ? ExitCode::failed : printed;
    }
    if (auto sentence = sentence_of(*view); sentence != told && !plugin.client.quiet) {
      std::fprintf(stderr, "%s\n", sentence.c_str());
      told = std::move(sentence);
    }
    if ((plugin.timeout && now - began >= *plugin.timeout) || now - held >= kFarewell)
      return report(stopped_waiting(label_of(plugin), Code::command_timed_out));
    if (interrupt.wait(now - began < kFollow ? kPause : kLongPause))
      return report(stopped_waiting(label_of(plugin), Code::command_interrupted));
    auto next = client.get(path);
    if (interrupt.requested()) return report(stopped_waiting(label_of(plugin), Code::command_interrupted));
    if (next) {
      heard = Clock::now();
      body = std::move(*next);
    } else if (next.error().retry != Retry::later || Clock::now() - heard >= kHostPatience) {
      return report(next.error());
    }
  }
}

// Until it runs again, or is refused again: a try takes a moment.
ExitCode retry(ApiClient& client, const PluginVersionArguments& plugin, Interrupt& interrupt) {
  const auto path = path_of(plugin);
  const auto known = client.get(path);
  const auto before = known ? read_plugin(*known) : Result<PluginView>(known.error());
  auto body = client.post(path + "/retry", plugin.reason.empty() ? "" : "{\"reason\":" + json_quote(plugin.reason) + "}");
  if (!body) return report(body.error());
  const auto last = followed(client, path, std::move(*body), interrupt, [&](const PluginView& now) {
    const bool is_given_up = now.state == "refused" || now.state == "quarantined" || now.state == "unavailable";
    return runs(now) || (is_given_up && before && now.since != before->since);
  }, kTry);
  if (!last) return report(last.error());
  const auto printed = print_outcome(*last, plugin.client);
  const auto view = read_plugin(*last);
  return printed == ExitCode::ok && view && !runs(*view) ? ExitCode::failed : printed;
}

ExitCode print_default(const std::string& body, const PluginDefaultArguments& arguments) {
  if (is_document(arguments.client.output)) return print_document(body, arguments.client.output);
  const auto sentence = sentence_of_default(body);
  if (!sentence) return report(sentence.error());
  std::printf("%s\n", sentence->c_str());
  return ExitCode::ok;
}

}  // namespace

ExitCode run_plugin_version(const PluginVersionArguments& arguments) {
  using Wish = PluginVersionArguments::Wish;
  Interrupt interrupt;
  ApiClient client(choose_server(arguments.client.server), {.verbose = arguments.client.verbose});
  const auto path = path_of(arguments);
  if (arguments.wish == Wish::show) {
    const auto body = client.get(path);
    return body ? print_plugin(*body, arguments.client) : report(body.error());
  }
  if (arguments.wish == Wish::retry) return retry(client, arguments, interrupt);
  const bool retires = arguments.wish == Wish::retire;
  auto body = client.post(path + (retires ? "/retire" : "/resume"), "");
  if (!body) return report(body.error());
  if (arguments.when_drained) return wait_until_drained(client, arguments, std::move(*body), interrupt);
  const auto last = followed(client, path, std::move(*body), interrupt, [retires](const PluginView& plugin) {
    return (plugin.state == "active") != retires;
  });
  return last ? print_outcome(*last, arguments.client) : report(last.error());
}

ExitCode run_plugin_default(const PluginDefaultArguments& arguments) {
  ApiClient client(choose_server(arguments.client.server), {.verbose = arguments.client.verbose});
  const auto path = fmt::format("/plugins/{}/{}/default", ApiClient::escape(arguments.namespace_name), ApiClient::escape(arguments.name));
  const auto body = arguments.latest            ? client.remove(path)
                    : arguments.version.empty() ? client.get(path)
                                                : client.put(path, "{\"version\":" + json_quote(arguments.version) + "}");
  return body ? print_default(*body, arguments) : report(body.error());
}

}  // namespace tasker::app

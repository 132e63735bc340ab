#include "handlers.h"

#include <algorithm>
#include <cmath>
#include <system_error>

#include "shop/fault.h"
#include "template/options.h"

namespace reference {
namespace {

using shop::Fault;
using tasker::Call;
using tasker::Json;

constexpr std::size_t kLongest = 10'000;  // a step's result may hold 256 KiB

stock::Options options_of(Call& call) {
  static const Json kNone = Json::object();
  const Json& config = call.config().is_null() ? kNone : call.config();
  return {
      config, std::string(call.step_name()) + "'s handler_config", {"part", "of", "low", "high", "sorted"}};
}

const Json& only_input(Call& call) {
  if (call.inputs().size() != 1)
    throw Fault("series.parents", std::string(call.step_name()) + " needs one parent");
  return call.inputs().begin().value();
}

// The parent that has values, or the context.
const Json& source_of(Call& call) {
  for (const auto& input : call.inputs())
    if (input.contains("values")) return input;
  return call.context();
}

Series values_of(Call& call) {
  const Json& written = source_of(call).at("values");
  if (written.empty() || written.size() > kLongest)
    throw Fault("series.malformed", "a series has 1 to " + std::to_string(kLongest) + " values");
  const auto options = options_of(call);
  const auto of = options.integer("of", 1, 1, 1000);
  const auto part = options.integer("part", 1, 1, of);
  return slice(written.get<Series>(), static_cast<std::size_t>(part), static_cast<std::size_t>(of));
}

Json to_json(const Series& values) {
  return {{"values", values}};
}

Json to_json(const Summary& summary) {
  const double deviation =
      summary.count == 0 ? 0 : std::sqrt(summary.squares / static_cast<double>(summary.count));
  return {{"count", summary.count}, {"mean", summary.mean}, {"squares", summary.squares},
          {"low", summary.low},     {"high", summary.high}, {"deviation", deviation}};
}

Summary summary_from(const Json& json) {
  return {json.at("count"), json.at("mean"), json.at("squares"), json.at("low"), json.at("high")};
}

// A part of a series that has fewer values than parts is empty.
void check_not_empty(const Call& call, std::size_t count) {
  if (count == 0)
    throw Fault("series.empty_part", "there are too few values for " + std::string(call.step_name()));
}

std::string scratch_name(const Call& call) {
  return "task-" + std::string(call.task_id()) + ".json";
}

}  // namespace

Json Handlers::load(Call& call) const {
  return to_json(values_of(call));
}
Json Handlers::slice(Call& call) const {
  return to_json(values_of(call));
}
Json Handlers::scale(Call& call) const {
  return to_json(reference::scale(values_of(call)));
}
Json Handlers::median(Call& call) const {
  Series values = values_of(call);
  check_not_empty(call, values.size());
  return {{"median", reference::median(std::move(values))}};
}
Json Handlers::summarise(Call& call) const {
  return to_json(reference::summarise(values_of(call)));
}

Json Handlers::sort(Call& call) const {
  Series values = values_of(call);
  std::ranges::sort(values);
  return to_json(values);
}

Json Handlers::limits(Call& call) const {
  const double low = call.context().at("low"), high = call.context().at("high");
  if (high < low) throw Fault("series.malformed", "the limits are the wrong way round");
  return {{"low", low}, {"high", high}};
}

Json Handlers::check(Call& call) const {
  constexpr double kMost = 1e300;
  const auto options = options_of(call);
  const double low = options.number("low", -kMost, -kMost, kMost),
               high = options.number("high", kMost, -kMost, kMost);
  const Series values = values_of(call);
  for (const double value : values)
    if (value < low || value > high)
      throw Fault("series.out_of_range",
                  Json(value).dump() + " is not within " + Json(low).dump() + " to " + Json(high).dump());
  if (options.flag("sorted", false) && !std::ranges::is_sorted(values))
    throw Fault("series.not_sorted", "the values are not sorted");
  return to_json(values);
}

Json Handlers::keep_within(Call& call) const {
  const Json& limits = call.input("load_limits");
  const double low = limits.at("low"), high = limits.at("high");
  Series values = values_of(call);
  std::erase_if(values, [&](double value) { return value < low || value > high; });
  if (values.empty()) throw Fault("series.nothing_left", "no value is within the limits");
  return to_json(values);
}

Json Handlers::check_summary(Call& call) const {
  const Summary summary = summary_from(only_input(call));
  check_not_empty(call, static_cast<std::size_t>(std::max<std::int64_t>(summary.count, 0)));
  return to_json(summary);
}

Json Handlers::combine(Call& call) const {
  Summary all;
  for (const auto& part : call.inputs()) all = reference::combine(all, summary_from(part));
  return to_json(all);
}

Json Handlers::merge_sorted(Call& call) const {
  std::vector<Series> parts;
  for (const auto& part : call.inputs()) parts.push_back(part.at("values").get<Series>());
  return to_json(reference::merge_sorted(parts));
}

Json Handlers::chart(Call& call) const {
  const auto width = call.context().value("chart_width", 40);
  if (width < 1 || width > 200) throw Fault("chart.malformed", "a chart is 1 to 200 wide");
  return {{"chart", reference::chart(values_of(call), static_cast<std::size_t>(width))}};
}

Json Handlers::write_scratch(Call& call) const {
  return {{"scratch", office_.folder("scratch").put(scratch_name(call), source_of(call).dump()).string()}};
}

Json Handlers::remove_scratch(Call& call) const {
  // False when an earlier attempt has removed it.
  return {{"removed", std::filesystem::remove(only_input(call).at("scratch").get<std::string>())}};
}

Json Handlers::write(Call& call) const {
  const std::string name =
      std::string(call.template_name()) + "-task-" + std::string(call.task_id()) + ".json";
  try {
    return {{"report", office_.folder("reports").put(name, call.inputs().dump(2) + "\n").string()}};
  } catch (const std::system_error& error) {
    throw tasker::RetryableError(error.what(), std::nullopt, "report.unwritable");
  }
}

}  // namespace reference

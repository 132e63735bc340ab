#include "example_plugins/example.h"

#include <gtest/gtest.h>

#include <fstream>

namespace tasker::test {
namespace {

using nlohmann::json;

json merged(json config, const json& more) {
  config.update(more);
  return config;
}

}  // namespace

Example::Example(const std::string& name, const json& config)
    : plugin_(name, merged({{"shop_dir", (folder_.path() / "shop").string()}}, config)) {}

Example::Task Example::task(const json& context, const std::string& id) {
  return {*this, context, id.empty() ? std::to_string(++tasks_) : id};
}

Answer Example::Task::run(const std::string& step, const json& config, std::uint32_t number) {
  Attempt attempt{step, id_};
  attempt.idempotency_key = idempotency_key;
  attempt.attempt = number;
  attempt.context = context_;
  attempt.inputs = results;
  attempt.config = config;
  attempt.correlation_id = correlation_id;
  Answer answer = example_.plugin_.run(attempt);
  if (answer.kind == TASKER_OK) results[step] = answer.payload;
  return answer;
}

json Example::Task::result(const std::string& step, const json& config) {
  const Answer answer = run(step, config);
  EXPECT_EQ(answer.kind, TASKER_OK) << step << ": " << answer.code << " " << answer.message;
  return answer.payload;
}

std::string Example::Task::code(const std::string& step, const json& config) {
  return run(step, config).code;
}

std::vector<json> Example::ledger() const {
  std::vector<json> lines;
  std::ifstream stream(path("ledger.jsonl"));
  for (std::string line; std::getline(stream, line);) lines.push_back(json::parse(line));
  return lines;
}

std::int64_t Example::balance(const std::string& account) const {
  std::int64_t sum = 0;
  for (const auto& line : ledger())
    if (line.contains("moves")) sum += line["moves"].value(account, std::int64_t{0});
  return sum;
}

}  // namespace tasker::test

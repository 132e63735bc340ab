#include "system/support/http_client.h"

#include <gtest/gtest.h>

#include "system/support/eventually.h"
#include "unit/http/raw_client.h"

namespace tasker::test {
namespace {

Answer ask(std::uint16_t port, const std::string& request) {
  const bool may_wait = request.find("\r\nPrefer: wait=") != std::string::npos;
  http::RawClient client(port, may_wait ? 120 : 10);
  if (!client.connected()) return {};
  auto raw = client.ask(request);
  return {raw.status, std::move(raw.head), std::move(raw.body)};
}

bool has_ended(const Json& task) {
  const auto state = task.value("detail", "");
  return state == "complete" || state == "error" || state == "cancelled" || state == "resolved_manually";
}

}  // namespace

std::string Answer::code() const {
  const auto body = json();
  return body.is_object() ? body.value("code", "") : "";
}

Answer HttpClient::get(const std::string& path, const std::string& headers) const {
  return ask(port_, http::get(path, headers));
}

Answer HttpClient::post(const std::string& path, const std::string& body, const std::string& headers) const {
  return ask(port_, http::post(path, body, headers));
}

std::int64_t HttpClient::submit(const Json& task) const {
  const auto answer = post("/tasker/tasks", task);
  if (answer.status != 201) {
    ADD_FAILURE() << "submitting " << task.dump() << " was answered with " << answer.status << " " << answer.text;
    return 0;
  }
  return answer.json().at("task_id").get<std::int64_t>();
}

std::vector<std::int64_t> HttpClient::submit_many(const Json& task, int count) const {
  std::vector<std::int64_t> ids;
  while (static_cast<int>(ids.size()) < count) {
    Json tasks = Json::array();
    for (int i = std::min(1000, count - static_cast<int>(ids.size())); i > 0; --i) tasks.push_back(task);
    const auto answer = post("/tasker/tasks/bulk", Json{{"tasks", tasks}});
    if (answer.status != 201) {
      ADD_FAILURE() << "submitting in bulk was answered with " << answer.status << " " << answer.text;
      return ids;
    }
    const auto body = answer.json();
    for (const auto& id : body.at("task_ids")) ids.push_back(id.get<std::int64_t>());
  }
  return ids;
}

Json HttpClient::task(std::int64_t id) const {
  const auto answer = get("/tasker/tasks/" + std::to_string(id));
  const auto body = answer.json();
  return answer.status == 200 && body.contains("task") ? body.at("task") : Json::object();
}

Json HttpClient::ended(std::int64_t id) const {
  Json seen;
  if (!eventually([&] { return has_ended(seen = task(id)); }))
    ADD_FAILURE() << "task " << id << " has not ended: " << seen.dump(1);
  return seen;
}

bool HttpClient::has_loaded(const std::string& name, const std::string& version,
                            const std::string& namespace_name) const {
  const auto body = get("/tasker/handlers/" + namespace_name + "/" + name + "?version=" + version).json();
  return body.is_object() && body.value("available", false);
}

}  // namespace tasker::test

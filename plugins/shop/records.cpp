#include "records.h"

#include <system_error>
#include <utility>

#include "fault.h"
#include "outbox.h"
#include "sample.h"

namespace shop {
namespace {

using tasker::Json;

std::string text_of(const std::filesystem::path& file) {
  try {
    return read_text(file);
  } catch (const std::system_error& error) {
    throw tasker::RetryableError(error.what(), std::nullopt, "records.unreadable");
  }
}

std::vector<Json> records_in(const Json& list, const std::string& what) {
  if (!list.is_array()) throw Fault("records.malformed", what + " is no JSON array");
  for (const auto& record : list)
    if (!record.is_object() || !record.contains("id") || !record["id"].is_number_integer())
      throw Fault("records.malformed", what + " holds a record without an integer id");
  return list;
}

}  // namespace

Records::Records(std::filesystem::path folder, std::string api)
    : folder_(std::move(folder)), api_(std::move(api)) {
  while (api_.ends_with('/')) api_.pop_back();
}

std::optional<Json> Records::find(tasker::Call& call, const std::string& collection, std::int64_t id) const {
  if (!api_.empty()) {
    try {
      return web_.get(call, api_ + "/" + collection + "/" + std::to_string(id));
    } catch (const tasker::PermanentError& error) {
      if (error.code() == "HTTP_404") return std::nullopt;
      throw;
    }
  }
  for (auto& record : all(call, collection))
    if (record["id"] == id) return std::move(record);
  return std::nullopt;
}

std::vector<Json> Records::all(tasker::Call& call, const std::string& collection) const {
  if (!api_.empty()) {
    const Json answer = web_.get(call, api_ + "/" + collection + "?limit=0");
    return records_in(answer.is_object() ? answer.value(collection, Json()) : answer,
                      "the API's " + collection);
  }
  const auto file = folder_ / (collection + ".json");
  const std::string text = folder_.empty() ? std::string(sample(collection)) : text_of(file);
  return records_in(Json::parse(text, nullptr, false),
                    folder_.empty() ? "the sample of " + collection : file.string());
}

}  // namespace shop

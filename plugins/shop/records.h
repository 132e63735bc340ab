// The shop's records, by collection ("products", "carts", "users") and id: the sample data that is compiled
// in, JSON files of a folder, or an HTTP API. Constant after construction; asks anew each time, so that what
// changes there is seen here.
//
//   folder   <data_dir>/<collection>.json, an array of objects with an integer "id"; the sample data is such
//   files API      GET <api_base_url>/<collection>/<id>, and /<collection>?limit=0 which answers an array or
//   {"<collection>": [...]}
#pragma once

#include <tasker/sdk.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "web.h"

namespace shop {

class Records {
 public:
  // At most one of the two is not empty; with neither it is the sample data.
  Records(std::filesystem::path folder, std::string api);

  // [worker] Nothing when there is no such record. Throws RetryableError `records.unreadable` for a file that
  // cannot be read now, PermanentError `records.malformed` for one that is no such array, and what Web::get
  // throws.
  std::optional<tasker::Json> find(tasker::Call& call, const std::string& collection, std::int64_t id) const;
  std::vector<tasker::Json> all(tasker::Call& call, const std::string& collection) const;

 private:
  std::filesystem::path folder_;
  std::string api_;
  Web web_;
};

}  // namespace shop

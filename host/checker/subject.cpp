#include "checker/subject.h"

#include "base/json.h"

namespace tasker::checker {

Subject Subject::in(const std::filesystem::path& folder) const {
  constexpr std::string_view kPlace = "{folder}";
  const auto quoted = json_quote(folder.string());
  const auto text = quoted.substr(1, quoted.size() - 2);
  Subject same = *this;
  for (auto at = same.config.find(kPlace); at != std::string::npos; at = same.config.find(kPlace, at + text.size()))
    same.config.replace(at, kPlace.size(), text);
  return same;
}

}  // namespace tasker::checker

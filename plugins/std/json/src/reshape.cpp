#include "reshape.h"

#include "template/options.h"
#include "template/render.h"

namespace std_json {

using tasker::Json;

namespace {

Json pick(const Json& document, const Json& pointers, const stock::Options& options) {
  Json picked = Json::object();
  for (const auto& [name, pointer] : pointers.items()) {
    const std::string where = "pointers/" + name;
    if (!pointer.is_string()) options.fail("\"" + where + "\" must be a JSON pointer");
    const auto& text = pointer.get_ref<const std::string&>();
    if (const char* wrong = stock::wrong_with_pointer(text); wrong != nullptr)
      throw tasker::PermanentError("handler_config " + where + ": " + text + " is no pointer: " + wrong,
                                   "template.invalid");
    const auto found = stock::follow(document, text, "the document");
    if (found.value == nullptr)
      throw tasker::PermanentError("handler_config " + where + ": there is nothing at " + text + ": " + found.reason,
                                   "template.not_found");
    picked[name] = *found.value;
  }
  return picked;
}

}  // namespace

Json reshape(tasker::Call& call) {
  stock::Scope scope(call);
  const Json config = stock::Renderer(scope).value(call.config(), "");
  const stock::Options options(config, "handler_config", {"result", "document", "pointers"});
  if (const auto result = config.find("result"); result != config.end()) {
    if (config.size() != 1) options.fail("has \"result\" and also \"document\" or \"pointers\"; give one of the two");
    return *result;
  }
  if (!options.has("pointers") || !config.contains("document"))
    options.fail("needs \"result\", or \"document\" and \"pointers\"");
  return pick(config["document"], options.object("pointers"), options);
}

}  // namespace std_json

#include "model/yaml_fields.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace tasker::model {

using yaml::Kind;
using yaml::Node;

void Problems::add(Code code, int line, int column, std::string_view path, std::string_view problem) {
  const bool is_known = std::ranges::any_of(found_, [&](const Found& other) {
    return other.line == line && other.column == column && other.path == path;
  });
  if (is_known) return;
  if (found_.size() == kMost) {
    ++left_out_;
    return;
  }
  found_.push_back({line, column, std::string(path),
                    make_error(code, path.empty() ? fmt::format("{}:{}:{}: {}", file_, line, column, problem)
                                                  : fmt::format("{}:{}:{}: {}: {}", file_, line, column, path, problem))});
}

std::vector<Error> Problems::by_line() const {
  auto sorted = found_;
  std::ranges::stable_sort(sorted, {}, [](const Found& each) { return std::pair(each.line, each.column); });
  std::vector<Error> errors;
  for (Found& each : sorted) errors.push_back(std::move(each.error));
  if (left_out_ > 0) errors.push_back(make_error(Code::template_invalid, fmt::format("{}: {} more; mend these first", file_, left_out_)));
  return errors;
}

Fields::Fields(Problems& problems, const Node& node, std::string path)
    : problems_(&problems), node_(&node), path_(std::move(path)) {
  static const Node kEmpty;
  if (node.is(Kind::mapping)) return;
  problems.add(Code::template_invalid, std::max(node.line, 1), std::max(node.column, 1), path_,
               fmt::format("must be a mapping with keys, but is {}", kind_word(node.kind)));
  node_ = &kEmpty;
}

std::string Fields::path(std::string_view key) const {
  return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
}

void Fields::allow(std::span<const std::string_view> known, std::span<const std::string_view> later) {
  for (const yaml::Entry& entry : node_->entries) {
    if (std::ranges::find(known, entry.key) != known.end()) continue;
    if (std::ranges::find(later, entry.key) != later.end()) {
      problems_->add(Code::template_unsupported, entry.line, entry.column, path(entry.key),
                     "this key is not supported yet; leave it out: without an effect it would only mislead");
      continue;
    }
    const std::string_view near = yaml::nearest(entry.key, known);
    problems_->add(Code::template_unknown_key, entry.line, entry.column, path(entry.key),
                   near.empty() ? fmt::format("unknown key; known here: {}", fmt::join(known, ", "))
                                : fmt::format("unknown key; did you mean {}?", near));
  }
}

void Fields::fail_at(const Node& place, std::string_view where, std::string_view problem, Code code) const {
  problems_->add(code, std::max(place.line, 1), std::max(place.column, 1), where, problem);
}

void Fields::fail(std::string_view key, std::string_view problem, Code code) const {
  const Node* value = find(key);
  fail_at(value ? *value : *node_, path(key), problem, code);
}

std::string Fields::text(std::string_view key, std::string_view absent) const {
  const Node* value = find(key);
  if (!value) return std::string(absent);
  if (value->is(Kind::string)) return value->text;
  fail(key, value->is(Kind::null) ? "is empty; write a text or leave the key out"
                                  : fmt::format("must be a text, but is {}; quote it if it is meant as text",
                                                kind_word(value->kind)));
  return std::string(absent);
}

std::string Fields::required_text(std::string_view key) const {
  if (!find(key)) fail(key, "is required, but missing");
  return text(key);
}

std::vector<const Node*> Fields::text_list(std::string_view key) const {
  std::vector<const Node*> out;
  for (const Node& item : list(key)) {
    if (item.is(Kind::string))
      out.push_back(&item);
    else
      fail_at(item, path(key), fmt::format("must be a list of texts, but holds {}", kind_word(item.kind)));
  }
  return out;
}

bool Fields::flag(std::string_view key, bool absent) const {
  const Node* value = find(key);
  if (!value) return absent;
  if (!value->is(Kind::boolean))
    fail(key, fmt::format("must be true or false, but is {}", kind_word(value->kind)));
  return value->text == "true";
}

int Fields::integer(std::string_view key, int absent, int least, int most) const {
  const Node* value = find(key);
  if (!value) return absent;
  int out = 0;
  const char* const end = value->text.data() + value->text.size();
  const auto [stop, error] = std::from_chars(value->text.data(), end, out);
  if (value->is(Kind::integer) && error == std::errc{} && stop == end && out >= least && out <= most)
    return out;
  fail(key, fmt::format("must be an integer from {} to {}", least, most));
  return absent;
}

double Fields::number(std::string_view key, double absent, double least, double most) const {
  const Node* value = find(key);
  if (!value) return absent;
  double out = 0;
  const char* const end = value->text.data() + value->text.size();
  const auto [stop, error] = std::from_chars(value->text.data(), end, out);
  const bool number = value->is(Kind::integer) || value->is(Kind::real);
  if (number && error == std::errc{} && stop == end && out >= least && out <= most) return out;
  fail(key, fmt::format("must be a number from {} to {}", least, most));
  return absent;
}

const Node* Fields::mapping(std::string_view key) const {
  const Node* value = find(key);
  if (!value || value->is(Kind::mapping)) return value;
  fail(key, fmt::format("must be a mapping, but is {}", kind_word(value->kind)));
  return nullptr;
}

std::span<const Node> Fields::list(std::string_view key) const {
  const Node* value = find(key);
  if (!value) return {};
  if (value->is(Kind::sequence)) return value->items;
  fail(key, fmt::format("must be a list, but is {}", kind_word(value->kind)));
  return {};
}

}  // namespace tasker::model

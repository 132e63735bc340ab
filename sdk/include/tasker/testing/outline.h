// What the kit needs of a manifest: the steps with their handlers, and which events may be emitted. Reads the layout that
// people write, one step under `- name:`, by lines and indentation; it is no YAML parser. What it cannot read (aliases,
// one-line mappings over several lines) it does not guess: then Attempt::events says which events there are. Pure.
#pragma once

#include <cctype>
#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace tasker {
namespace kit {

struct StepOutline {
  std::string name;
  std::string handler_class;  // the name when the step has none
  std::set<std::string> events;
};

struct Outline {
  std::vector<StepOutline> steps;
  std::set<std::string> events;  // of the template itself
  bool has_unread_events = false;

  const StepOutline* find(std::string_view name) const {
    for (const StepOutline& step : steps) {
      if (step.name == name) return &step;
    }
    return nullptr;
  }
};

namespace detail {

struct Line {
  std::size_t indent = 0;
  std::string_view text;  // without indentation and comment
};

inline std::string_view trimmed(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front()))) text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.remove_suffix(1);
  return text;
}

inline std::string unquoted(std::string_view text) {
  text = trimmed(text);
  if (text.size() > 1 && (text.front() == '"' || text.front() == '\'') && text.back() == text.front()) {
    text = text.substr(1, text.size() - 2);
  }
  return std::string(text);
}

inline std::vector<Line> lines_of(std::string_view manifest) {
  std::vector<Line> lines;
  while (!manifest.empty()) {
    const std::size_t end = manifest.find('\n');
    std::string_view line = manifest.substr(0, end);
    manifest.remove_prefix(end == std::string_view::npos ? manifest.size() : end + 1);
    if (const std::size_t comment = line.find(" #"); comment != std::string_view::npos) line = line.substr(0, comment);
    const std::size_t indent = line.find_first_not_of(' ');
    const std::string_view text = trimmed(line);
    if (!text.empty() && text.front() != '#') lines.push_back({indent, text});
  }
  return lines;
}

// The value of `key: value`; nothing when the text is another key.
inline std::optional<std::string> value_of(std::string_view text, std::string_view key) {
  if (!text.starts_with(key) || text.substr(key.size(), 1) != ":") return std::nullopt;
  return unquoted(text.substr(key.size() + 1));
}

// "- text" is an item; the text begins two columns further right.
inline bool is_item(std::string_view text) { return text == "-" || text.starts_with("- "); }

class OutlineReader {
 public:
  explicit OutlineReader(std::string_view manifest) : lines_(lines_of(manifest)) {}

  Outline read() {
    for (std::size_t at = 0; at < lines_.size(); ++at) {
      if (lines_[at].indent != 0) continue;
      if (value_of(lines_[at].text, "custom_events")) read_events(at, outline_.events);
      if (value_of(lines_[at].text, "step_templates")) read_steps(at + 1);
    }
    return outline_;
  }

 private:
  void read_steps(std::size_t at) {
    if (at >= lines_.size() || !is_item(lines_[at].text)) return;
    const std::size_t column = lines_[at].indent;
    for (; at < lines_.size() && (lines_[at].indent > column || is_item(lines_[at].text)); ++at) {
      if (lines_[at].indent < column) return;
      if (lines_[at].indent == column) {
        outline_.steps.emplace_back();
        const std::string_view rest = lines_[at].text.substr(1);
        if (trimmed(rest).starts_with("{")) {
          read_flow(trimmed(rest));
          continue;
        }
        const std::size_t spaces = rest.find_first_not_of(' ');
        lines_[at] = {column + 1 + (spaces == std::string_view::npos ? 1 : spaces), trimmed(rest)};
        keys_ = lines_[at].indent;
      }
      if (lines_[at].indent == keys_) read_key(at);
    }
  }

  void read_key(std::size_t at) {
    StepOutline& step = outline_.steps.back();
    if (const auto name = value_of(lines_[at].text, "name")) {
      step.name = *name;
      if (step.handler_class.empty()) step.handler_class = *name;
    } else if (const auto handler = value_of(lines_[at].text, "handler_class")) {
      step.handler_class = *handler;
    } else if (value_of(lines_[at].text, "custom_events")) {
      read_events(at, step.events);
    }
  }

  // {name: a, handler_class: B}
  void read_flow(std::string_view text) {
    StepOutline& step = outline_.steps.back();
    const auto pick = [&](std::string_view key) {
      const std::size_t at = text.find(key);
      if (at == std::string_view::npos) return std::string();
      const std::string_view rest = text.substr(at + key.size());
      return unquoted(rest.substr(0, rest.find_first_of(",}")));
    };
    step.name = pick("name:");
    step.handler_class = pick("handler_class:");
    if (step.handler_class.empty()) step.handler_class = step.name;
    if (text.find("custom_events") != std::string_view::npos) outline_.has_unread_events = true;
  }

  // [a.b, c.d] behind the key, or items below it: `- a.b` or `- name: a.b`.
  void read_events(std::size_t at, std::set<std::string>& events) {
    const std::size_t column = lines_[at].indent;
    std::string_view value = trimmed(lines_[at].text.substr(lines_[at].text.find(':') + 1));
    if (!value.empty()) {
      if (value.front() != '[' || value.back() != ']' || value.find('{') != std::string_view::npos) {
        outline_.has_unread_events = true;
        return;
      }
      value = value.substr(1, value.size() - 2);
      while (!value.empty()) {
        const std::size_t end = value.find(',');
        events.insert(unquoted(value.substr(0, end)));
        value.remove_prefix(end == std::string_view::npos ? value.size() : end + 1);
      }
      return;
    }
    for (++at; at < lines_.size(); ++at) {
      const Line& line = lines_[at];
      if (line.indent < column || (line.indent == column && !is_item(line.text))) return;
      std::string_view text = is_item(line.text) ? trimmed(line.text.substr(1)) : line.text;
      if (text.starts_with("{") || text.starts_with("*")) outline_.has_unread_events = true;
      if (const auto name = value_of(text, "name"))
        events.insert(*name);
      else if (is_item(line.text) && text.find(':') == std::string_view::npos)
        events.insert(unquoted(text));
    }
  }

  std::vector<Line> lines_;
  std::size_t keys_ = 0;
  Outline outline_;
};

}  // namespace detail

inline Outline outline_of(std::string_view manifest) { return detail::OutlineReader(manifest).read(); }

// `OrderProcess::StepHandler::ValidateOrderHandler` is validate_order, as a host reads a handler_class.
inline std::string handler_name(std::string_view handler_class) {
  if (const std::size_t colon = handler_class.rfind("::"); colon != std::string_view::npos) {
    handler_class.remove_prefix(colon + 2);
  }
  if (handler_class.size() > 7 && handler_class.ends_with("Handler")) handler_class.remove_suffix(7);
  const auto is = [&](std::size_t at, int (*kind)(int)) {
    return at < handler_class.size() && kind(static_cast<unsigned char>(handler_class[at])) != 0;
  };
  std::string name;
  for (std::size_t i = 0; i < handler_class.size(); ++i) {
    const bool after_word = i > 0 && (is(i - 1, std::islower) || is(i - 1, std::isdigit));
    const bool before_word = i > 0 && is(i - 1, std::isupper) && is(i + 1, std::islower);
    if (is(i, std::isupper) && (after_word || before_word)) name += '_';
    name += static_cast<char>(std::tolower(static_cast<unsigned char>(handler_class[i])));
  }
  return name;
}

}  // namespace kit
}  // namespace tasker

#include "base/yaml_tree.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <numeric>
#include <sstream>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

#include "base/json.h"
#include "base/utf8.h"
#include "base/yaml_scalar.h"

namespace tasker::yaml {
namespace {

// Thrown inside yaml-cpp's callbacks and caught in parse(): there is no other way out of its parser.
struct Refusal {
  int line;
  int column;
  std::string problem;
};

std::size_t node_count(const Node& node) {
  std::size_t count = 1;
  for (const Node& item : node.items) count += node_count(item);
  for (const Entry& entry : node.entries) count += node_count(entry.value);
  return count;
}

int height(const Node& node) {
  int deepest = 0;
  for (const Node& item : node.items) deepest = std::max(deepest, height(item));
  for (const Entry& entry : node.entries) deepest = std::max(deepest, height(entry.value));
  return deepest + (node.is(Kind::sequence) || node.is(Kind::mapping) ? 1 : 0);
}

class Builder final : public YAML::EventHandler {
 public:
  explicit Builder(const Limits& limits) : limits_(limits) {}

  Node take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (expects_key()) throw refuse(mark, "a key is missing here");
    OnScalar(mark, "?", anchor, "null");
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    const bool plain = tag == "?" || tag.empty();
    if (expects_key()) {
      take_key(mark, value, plain);
      return;
    }
    Node node = at(mark);
    if (plain) {
      if (!resolve_plain(value, node))
        throw refuse(mark, fmt::format("{} is no number that JSON can hold; quote it if it is text", value));
    } else {
      check_tag(mark, tag, "tag:yaml.org,2002:str");
      node.kind = Kind::string;
      node.text = value;
    }
    add(std::move(node), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (expects_key()) throw refuse(mark, "an alias cannot be a key");
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) throw refuse(mark, "an alias cannot stand inside what it refers to");
    nodes_ += node_count(found->second);
    if (static_cast<int>(open_.size()) + height(found->second) > limits_.max_depth)
      throw refuse(mark, too_deep());
    add(Node(found->second), 0);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, Kind::sequence, "tag:yaml.org,2002:seq");
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, Kind::mapping, "tag:yaml.org,2002:map");
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    Node node;
    YAML::anchor_t anchor;
    std::unordered_set<std::string> keys;
    bool expects_key;
  };

  static Refusal refuse(const YAML::Mark& mark, std::string problem) {
    return {mark.line + 1, mark.column + 1, std::move(problem)};
  }
  std::string too_deep() const { return fmt::format("nested more than {} deep", limits_.max_depth); }

  static Node at(const YAML::Mark& mark) {
    Node node;
    node.line = mark.line + 1;
    node.column = mark.column + 1;
    return node;
  }

  static void check_tag(const YAML::Mark& mark, const std::string& tag, std::string_view allowed) {
    if (tag.empty() || tag == "?" || tag == "!" || tag == allowed) return;
    throw refuse(mark, fmt::format("the tag {} is not supported", tag));
  }

  bool expects_key() const { return !open_.empty() && open_.back().expects_key; }

  void take_key(const YAML::Mark& mark, const std::string& key, bool plain) {
    if (plain && key == "<<") throw refuse(mark, "merge keys (<<) are not supported; write the members out");
    if (!open_.back().keys.insert(key).second)
      throw refuse(mark, fmt::format("the key \"{}\" is here twice", key));
    open_.back().node.entries.push_back({key, mark.line + 1, mark.column + 1, {}});
    open_.back().expects_key = false;
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, Kind kind,
            std::string_view allowed_tag) {
    if (expects_key()) throw refuse(mark, "a key must be a single word or a quoted text");
    check_tag(mark, tag, allowed_tag);
    if (static_cast<int>(open_.size()) >= limits_.max_depth) throw refuse(mark, too_deep());
    Open frame{at(mark), anchor, {}, kind == Kind::mapping};
    frame.node.kind = kind;
    open_.push_back(std::move(frame));
  }

  void close() {
    Open frame = std::move(open_.back());
    open_.pop_back();
    add(std::move(frame.node), frame.anchor);
  }

  void add(Node node, YAML::anchor_t anchor) {
    if (++nodes_ > limits_.max_nodes)
      throw Refusal{node.line, node.column, fmt::format("more than {} values", limits_.max_nodes)};
    if (anchor != 0) anchors_[anchor] = node;
    if (open_.empty()) {
      root_ = std::move(node);
    } else if (Open& parent = open_.back(); parent.node.is(Kind::mapping)) {
      parent.node.entries.back().value = std::move(node);
      parent.expects_key = true;
    } else {
      parent.node.items.push_back(std::move(node));
    }
  }

  const Limits& limits_;
  Node root_;
  std::vector<Open> open_;
  std::unordered_map<YAML::anchor_t, Node> anchors_;
  std::size_t nodes_ = 0;
};

class NoSecondDocument final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override {
    throw Refusal{mark.line + 1, mark.column + 1,
                  "a second document begins here; only one is read, so only one is allowed"};
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {
  }
  void OnMapEnd() override {}
};

Node read(std::string_view text, const Limits& limits) {
  std::istringstream in{std::string(text)};
  YAML::Parser parser(in);
  Builder builder(limits);
  if (parser.HandleNextDocument(builder)) {
    NoSecondDocument guard;
    parser.HandleNextDocument(guard);
  }
  return builder.take();
}

void append_json(const Node& node, std::string& out) {
  if (node.is(Kind::mapping)) {
    out.push_back('{');
    for (const Entry& entry : node.entries) {
      if (out.back() != '{') out.push_back(',');
      out.append(json_quote(entry.key)).push_back(':');
      append_json(entry.value, out);
    }
    out.push_back('}');
  } else if (node.is(Kind::sequence)) {
    out.push_back('[');
    for (const Node& item : node.items) {
      if (&item != &node.items.front()) out.push_back(',');
      append_json(item, out);
    }
    out.push_back(']');
  } else {
    out.append(node.is(Kind::string) ? json_quote(node.text) : node.is(Kind::null) ? "null" : node.text);
  }
}

// Two letters in the wrong order are one mistake.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), row(before), next(before);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    next[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      next[j] = std::min({row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      const bool is_swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (is_swapped) next[j] = std::min(next[j], before[j - 2] + 1);
    }
    before.swap(row);
    row.swap(next);
  }
  return row[b.size()];
}

}  // namespace

std::string_view kind_word(Kind kind) {
  static constexpr std::string_view kWords[] = {"null",     "true or false", "an integer", "a number",
                                                "a string", "a list",        "a mapping"};
  return kWords[static_cast<std::size_t>(kind)];
}

const Node* Node::find(std::string_view key) const {
  const auto found = std::ranges::find(entries, key, &Entry::key);
  return found == entries.end() ? nullptr : &found->value;
}

Result<Node> parse(std::string_view text, std::string_view file_name, Code code, const Limits& limits) {
  const auto fail = [&](int line, int column, std::string_view problem) {
    return make_error(code, fmt::format("{}:{}:{}: {}", file_name, line, column, problem));
  };
  if (text.size() > limits.max_bytes)
    return fail(1, 1, fmt::format("the text has more than {} bytes", limits.max_bytes));
  if (!is_utf8(text) || text.find('\0') != std::string_view::npos)
    return fail(1, 1, "the text is not valid UTF-8 without NUL");
  try {
    return read(text, limits);
  } catch (const Refusal& refusal) {
    return fail(refusal.line, refusal.column, refusal.problem);
  } catch (const YAML::Exception& problem) {
    return fail(problem.mark.line + 1, problem.mark.column + 1, "not valid YAML: " + problem.msg);
  }
}

std::string to_json(const Node& node) {
  std::string out;
  append_json(node, out);
  return out;
}

void merge(Node& base, const Node& over) {
  if (!base.is(Kind::mapping) || !over.is(Kind::mapping)) {
    base = over;
    return;
  }
  for (const Entry& entry : over.entries) {
    const auto found = std::ranges::find(base.entries, entry.key, &Entry::key);
    if (found == base.entries.end())
      base.entries.push_back(entry);
    else
      merge(found->value, entry.value);
  }
}

std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates) {
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
  if (word.size() > 64) return best;
  for (std::string_view candidate : candidates) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best_distance) best = candidate, best_distance = distance;
  }
  return best;
}

}  // namespace tasker::yaml

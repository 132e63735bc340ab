// sql/FUNCTIONS.md against a migrated database: every function is on the page, its signature is the one that PostgreSQL
// has, and the examples answer what the page says. TASKER_UPDATE_SCHEMA=1 writes the signatures anew.
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <sstream>

#include "support/files.h"
#include "support/pg_world.h"

namespace tasker::test {
namespace {

constexpr std::size_t kColumns = 160;
constexpr std::string_view kFence = "```";

struct Block {
  std::string info;  // behind the fence: "sql", "sql signature", "text output"
  std::string text;
  std::size_t begin = 0, end = 0;  // of the text, in the page
};

std::vector<Block> blocks_of(const std::string& page) {
  std::vector<Block> found;
  bool inside = false;
  for (std::size_t at = 0; at < page.size();) {
    const auto end = std::min(page.find('\n', at), page.size());
    const auto line = page.substr(at, end - at);
    if (line.starts_with(kFence)) {
      if (!inside) found.push_back({line.substr(kFence.size()), "", end + 1, end + 1});
      inside = !inside;
    } else if (inside) {
      found.back().text += line + "\n";
      found.back().end = end + 1;
    }
    at = end + 1;
  }
  return found;
}

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t\n");
  return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(" \t\n") + 1 - first);
}

std::string words_of(const std::string& text) {
  std::istringstream words(text);
  std::string joined;
  for (std::string word; words >> word;) joined += (joined.empty() ? "" : " ") + word;
  return joined;
}

std::string wrapped(const std::string& signature) {
  std::istringstream words(signature);
  std::string lines, line;
  for (std::string word; words >> word;) {
    if (!line.empty() && line.size() + 1 + word.size() > kColumns) {
      lines += line + "\n";
      line = "   ";
    }
    line += (line.empty() ? "" : " ") + word;
  }
  return lines + line + "\n";
}

// Of every function, its overloads behind one another. Types of the schema are written out whatever role looks: one named
// as the schema has it in its search path.
std::map<std::string, std::string> signatures(SqlClient& sql) {
  sql.exec("set search_path = public");
  std::map<std::string, std::string> found;
  for (const auto& row : sql.rows(R"(
         select proname, replace(replace(replace(replace(
           format('tasker.%s(%s) returns %s', proname, pg_get_function_arguments(p.oid), pg_get_function_result(p.oid)),
           'timestamp with time zone', 'timestamptz'), 'integer', 'int'), ' DEFAULT ', ' default '), 'TABLE(', 'table (')
         from pg_proc p where pronamespace = 'tasker'::regnamespace order by 1, 2)"))
    found[row[0]] += row[1] + "\n";
  return found;
}

// The names of a block: what stands between "tasker." and the parenthesis at the beginnings of its lines.
std::vector<std::string> names_in(const Block& block) {
  std::vector<std::string> names;
  std::istringstream lines(block.text);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("tasker.")) names.push_back(trimmed(line.substr(7, line.find('(') - 7)));
  return names;
}

std::string signatures_for(const Block& block, std::map<std::string, std::string>& known) {
  std::string text;
  for (const auto& name : names_in(block)) text += wrapped(known[name]);
  return text;
}

// As psql prints it, but for the widths of columns: "a | b", a line a row.
std::string table_of(const std::vector<std::vector<std::string>>& rows) {
  std::string text;
  for (const auto& row : rows) {
    for (const auto& cell : row) text += (&cell == &row.front() ? "" : " | ") + cell;
    text += "\n";
  }
  return text;
}

std::string cells_of(const std::string& shown) {
  std::istringstream lines(shown);
  std::string text, line;
  std::getline(lines, line);  // names of columns
  std::getline(lines, line);
  EXPECT_TRUE(line.starts_with("---")) << shown;
  while (std::getline(lines, line)) {
    std::vector<std::string> cells;
    for (std::size_t at = 0; at <= line.size();) {
      const auto end = std::min(line.find('|', at), line.size());
      cells.push_back(trimmed(line.substr(at, end - at)));
      at = end + 1;
    }
    text += table_of({cells});
  }
  return text;
}

TEST(Schema, ThePageOfFunctionsHasThemAllAsTheyAre) {
  PgWorld world;
  auto known = signatures(world.sql);
  const auto path = source_path("sql/FUNCTIONS.md");
  auto page = read_file(path);
  auto blocks = blocks_of(page);
  if (std::getenv("TASKER_UPDATE_SCHEMA") != nullptr) {
    for (auto block = blocks.rbegin(); block != blocks.rend(); ++block)
      if (block->info == "sql signature") page.replace(block->begin, block->end - block->begin, signatures_for(*block, known));
    write_file(path, page);
    blocks = blocks_of(page);
  }
  std::map<std::string, int> shown;
  for (const auto& block : blocks) {
    if (block.info != "sql signature") continue;
    for (const auto& name : names_in(block)) {
      EXPECT_TRUE(known.contains(name)) << "there is no function " << name;
      ++shown[name];
    }
    EXPECT_EQ(words_of(block.text), words_of(signatures_for(block, known))) << "renew it with TASKER_UPDATE_SCHEMA=1";
  }
  for (const auto& [name, signature] : known)
    EXPECT_TRUE(shown[name] == 1 || page.find("`" + name + "`") != std::string::npos) << "not on the page: " << signature;
}

TEST(Schema, TheExamplesOfThePageAnswerWhatItSays) {
  PgWorld world;
  const auto refund = world.publish("refund", "find; charge: find; tell: charge");
  const auto first = world.submit(refund.template_id);
  ASSERT_EQ(raw(first.tasks.at(0)), 64) << "as the page has it";
  auto retry = finished(world.complete({finished(first.claimed.at(0))}).claimed.at(0), model::OutcomeKind::retry, "");
  retry.delay = std::chrono::hours(1);
  world.complete({retry});
  ASSERT_EQ(raw(world.submit_one(refund.template_id, 0)), 65);

  std::string answer;
  int examples = 0;
  for (const auto& block : blocks_of(read_file(source_path("sql/FUNCTIONS.md")))) {
    if (block.info == "sql signature") continue;
    if (block.info == "sql") {
      std::istringstream statements(block.text);
      for (std::string statement; std::getline(statements, statement, ';');)
        if (!trimmed(statement).empty()) answer = table_of(world.sql.rows(statement));
      ++examples;
    } else {
      EXPECT_EQ(block.info, "text output") << "nobody runs a block of this kind";
      EXPECT_EQ(answer, cells_of(block.text)) << block.text;
    }
  }
  EXPECT_GT(examples, 10);
  world.check_rows();
}

}  // namespace
}  // namespace tasker::test

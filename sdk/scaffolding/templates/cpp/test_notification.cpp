void test_@step@(Plugin& plugin, const std::filesystem::path& folder) {
  const auto files = [&] { return std::distance(std::filesystem::directory_iterator(folder), {}); };
  const auto before = files();
  Outcome outcome = plugin.run("@step@", {.context = {{"email", "ada@example.org"}}});
  expect(outcome.is_ok() && files() == before + 1, "@step@ delivers a message", outcome);

  outcome = plugin.run("@step@", {.context = {{"email", "ada@example.org"}}, .number = 2});
  expect(outcome.is_ok() && files() == before + 1, "@step@ delivers it once", outcome);

  outcome = plugin.run("@step@");
  expect(outcome.kind == Kind::fail && outcome.code == "@name@.no_email", "@step@ needs somebody to tell", outcome);
}


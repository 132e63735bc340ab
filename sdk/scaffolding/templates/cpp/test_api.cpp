void test_@step@(Plugin& plugin) {
  const OneAnswer good("200 OK", R"({"sku": "tea"})");
  Outcome outcome = plugin.run("@step@", {.config = {{"url", good.url()}}});
  expect(outcome.is_ok() && outcome.result == Json{{"status", 200}, {"body", {{"sku", "tea"}}}}, "@step@ gives the answer", outcome);

  const OneAnswer busy("503 Service Unavailable\r\nRetry-After: 7", "");
  outcome = plugin.run("@step@", {.config = {{"url", busy.url()}}});
  expect(outcome.kind == Kind::retry && outcome.code == "HTTP_503" && outcome.retry_after == std::chrono::seconds(7),
         "@step@ comes back when a busy server says", outcome);

  const OneAnswer missing("404 Not Found", "");
  outcome = plugin.run("@step@", {.config = {{"url", missing.url()}}});
  expect(outcome.kind == Kind::fail && outcome.code == "HTTP_404", "@step@ gives up what is not there", outcome);

  outcome = plugin.run("@step@", {.config = {{"url", good.url()}, {"timeout_seconds", 0}}});
  expect(outcome.kind == Kind::fail && outcome.code == "http.bad_config", "@step@ does not wait for ever", outcome);
}


// On the database that TASKER_TEST_DATABASE names, if it does: schema.sql must have been run there.
void test_@step@(Plugin& plugin, bool has_database) {
  const Outcome outcome = plugin.run("@step@", {.inputs = @inputs@});
  if (!has_database) {
    expect(outcome.kind == Kind::retry && outcome.code == "sql.unreachable", "@step@ is tried again later", outcome);
    return;
  }
  expect(outcome.is_ok() && outcome.result["record_id"].is_number(), "@step@ stores a record", outcome);
  const Outcome again = plugin.run("@step@", {.inputs = @inputs@, .number = 2});
  expect(again.is_ok() && again.result == outcome.result, "@step@ stores it once", again);
}


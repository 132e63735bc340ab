void test_@step@(Plugin& plugin) {
  Outcome outcome = plugin.run("@step@", {@given@,
                                         .config = {{"percent", 19}}});
  expect(outcome.is_ok() && outcome.result == Json{{"amount_cents", 2975}}, "@step@ adds 19 % to 25.00", outcome);

  outcome = plugin.run("@step@", {@given_wrong@});
  expect(outcome.kind == Kind::fail && outcome.code == "@name@.bad_amount", "@step@ refuses an amount below nothing", outcome);
}


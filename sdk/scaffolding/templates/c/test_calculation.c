static void test_@step@(tasker_test *test) {
    tasker_ended ended = tasker_test_run(
        test, "@step@", (tasker_attempt){@given@, .config = "{\"percent\": 19}"});
    expect(is_ok(ended, "{\"amount_cents\":2975}"), "@step@ adds 19 % to 25.00", ended);

    ended = tasker_test_run(test, "@step@", (tasker_attempt){@given_wrong@});
    expect(is_error(ended, TASKER_FAIL, "@name@.bad_amount"), "@step@ refuses an amount below nothing", ended);
}


static void test_@step@(tasker_test *test, const char *folder) {
    const char *told = "{\"message_id\":\"42/@step@\",\"to\":\"ada@example.org\"}";
    const tasker_attempt first = {.context = "{\"email\": \"ada@example.org\"}"}, second = {.context = first.context, .number = 2};
    const int before = files_in(folder);
    tasker_ended ended = tasker_test_run(test, "@step@", first);
    expect(is_ok(ended, told) && files_in(folder) == before + 1, "@step@ delivers a message", ended);

    ended = tasker_test_run(test, "@step@", second);
    expect(is_ok(ended, told) && files_in(folder) == before + 1, "@step@ delivers it once", ended);

    ended = tasker_test_run(test, "@step@", (tasker_attempt){.number = 1});
    expect(is_error(ended, TASKER_FAIL, "@name@.no_email"), "@step@ needs somebody to tell", ended);
}


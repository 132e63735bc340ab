/* On the database that TASKER_TEST_DATABASE names, if it does: schema.sql must have been run there. */
static void test_@step@(tasker_test *test) {
    tasker_ended ended = tasker_test_run(test, "@step@", (tasker_attempt){.number = 1});
    char *stored;
    if (getenv("TASKER_TEST_DATABASE") == NULL) {
        expect(is_error(ended, TASKER_RETRY, "sql.unreachable"), "@step@ is tried again later", ended);
        return;
    }
    expect(ended.kind == TASKER_OK, "@step@ stores a record", ended);
    stored = strdup(ended.payload);
    ended = tasker_test_run(test, "@step@", (tasker_attempt){.number = 2});
    expect(is_ok(ended, stored), "@step@ stores it once", ended);
    free(stored);
}


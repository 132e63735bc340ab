static void test_@step@(tasker_test *test) {
    struct one_answer server;
    char config[64];
    tasker_ended ended;

    one_answer_begin(&server, "200 OK", "{\"sku\": \"tea\"}");
    snprintf(config, sizeof config, "{\"url\": \"http://127.0.0.1:%d/\"}", server.port);
    ended = tasker_test_run(test, "@step@", (tasker_attempt){.config = config});
    expect(is_ok(ended, "{\"status\":200,\"body\":{\"sku\":\"tea\"}}"), "@step@ gives the answer", ended);
    one_answer_end(&server);

    one_answer_begin(&server, "503 Service Unavailable\r\nRetry-After: 7", "");
    snprintf(config, sizeof config, "{\"url\": \"http://127.0.0.1:%d/\"}", server.port);
    ended = tasker_test_run(test, "@step@", (tasker_attempt){.config = config});
    expect(is_error(ended, TASKER_RETRY, "HTTP_503") && ended.retry_after_ms == 7000,
           "@step@ comes back when a busy server says", ended);
    one_answer_end(&server);

    one_answer_begin(&server, "404 Not Found", "");
    snprintf(config, sizeof config, "{\"url\": \"http://127.0.0.1:%d/\"}", server.port);
    ended = tasker_test_run(test, "@step@", (tasker_attempt){.config = config});
    expect(is_error(ended, TASKER_FAIL, "HTTP_404"), "@step@ gives up what is not there", ended);
    one_answer_end(&server);

    ended = tasker_test_run(test, "@step@", (tasker_attempt){.config = "{\"url\": \"http://127.0.0.1:9/\", \"timeout_seconds\": 0}"});
    expect(is_error(ended, TASKER_FAIL, "http.bad_config"), "@step@ does not wait for ever", ended);
}


static int32_t step_@step@(void *self, const tasker_call *call, tasker_outcome *out) {
    struct services *services = self;
    struct http_answer answer = {0};
    if (http_send(services->host, call, &answer, out) && http_is_good(&answer, out)) {
        json_t *body = answer.size == 0 ? json_null() : json_loadb(answer.body, answer.size, JSON_DECODE_ANY, NULL);
        if (body == NULL)
            tasker_fail(out, "http.not_json", "the server's answer is not JSON");
        else
            json_result(out, json_pack("{s:i,s:o}", "status", (int)answer.status, "body", body));
    }
    free(answer.body);
    return TASKER_DONE;
}


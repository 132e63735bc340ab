static int32_t step_@step@(void *self, const tasker_call *call, tasker_outcome *out) {
    json_t *given = json_from(call->@given@), *config = json_from(call->config);
    int64_t cents = 0;
    const char *wrong = @amount@;
    if (wrong == NULL) wrong = amount_add_percent(&cents, json_object_get(config, "percent"));
    json_decref(given);
    json_decref(config);
    (void)self;
    if (wrong != NULL) return tasker_fail(out, "@name@.bad_amount", "%s", wrong);
    return json_result(out, json_pack("{s:I}", "amount_cents", (json_int_t)cents));
}


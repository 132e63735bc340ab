static int32_t step_@step@(void *self, const tasker_call *call, tasker_outcome *out) {
    const struct services *services = self;
    char *key = tasker_copy(call->idempotency_key), *data = tasker_copy(call->@data@);
    /* A second attempt with the same key finds the row of the first. */
    static const char statement[] =
        "insert into @name@_records (idempotency_key, data) values ($1, $2::jsonb)"
        " on conflict (idempotency_key) do update set idempotency_key = excluded.idempotency_key returning id";
    if (key == NULL || data == NULL) {
        tasker_no_memory(out);
    } else {
        const char *const values[] = {key, data};
        PGresult *rows = database_run(services->database, statement, 2, values, out);
        if (rows != NULL) json_result(out, json_pack("{s:I}", "record_id", (json_int_t)atoll(PQgetvalue(rows, 0, 0))));
        PQclear(rows);
    }
    free(key);
    free(data);
    return TASKER_DONE;
}


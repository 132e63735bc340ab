static int32_t step_@step@(void *self, const tasker_call *call, tasker_outcome *out) {
    const struct services *services = self;
    json_t *context = json_from(call->context);
    const char *email = json_string_value(json_object_get(context, "email"));
    char *key = tasker_copy(call->idempotency_key), *text = tasker_copy(call->@data@);
    if (email == NULL)
        tasker_fail(out, "@name@.no_email", "the context has no email");
    else if (key == NULL || text == NULL)
        tasker_no_memory(out);
    /* The key is the message's name: a second attempt delivers nothing new. */
    else if (outbox_deliver(services->outbox, key, email, "@name@", text, out))
        json_result(out, json_pack("{s:s,s:s}", "message_id", key, "to", email));
    json_decref(context);
    free(key);
    free(text);
    return TASKER_DONE;
}


/* Between the contract's text and jansson's values. */
#ifndef JSON_H
#define JSON_H

#include <jansson.h>
#include <tasker/c.h>

/* NULL when it is not JSON, of which jansson's functions then find nothing. To be given to json_decref. */
static inline json_t *json_from(tasker_str text) {
    return json_loadb(text.data, (size_t)text.size, JSON_DECODE_ANY, NULL);
}

/* The step's result; takes the value over. */
static inline int32_t json_result(tasker_outcome *out, json_t *value) {
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    json_decref(value);
    return tasker_ok(out, text);
}

#endif


/* "" of what is not there; NULL: no memory. */
static char *text_in(const json_t *section, const char *key) {
    const char *found = json_string_value(json_object_get(section, key));
    return strdup(found == NULL ? "" : found);
}

/* One for the whole plugin, made when it is loaded@from_config@ */
struct services {
    const tasker_host *host;
@members@};
@text_in@
static void end(void *self) {
    struct services *services = self;
@ends@    free(services);
}

static int32_t begin(const tasker_host *host, tasker_str config, void **self, tasker_outcome *error) {
    struct services *services = calloc(1, sizeof *services);
    int is_ready = 1;
    if (services == NULL) return tasker_no_memory(error), 1;
    services->host = host;
@section@@begins@@section_end@    if (!is_ready) {
        end(services);
        if (error->code.size == 0) tasker_fail(error, "@name@.not_ready", "what the plugin needs cannot be made");
        return 1;
    }
    *self = services;
    return 0;
}


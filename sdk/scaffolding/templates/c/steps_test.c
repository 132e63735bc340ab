/* Runs the steps of the built plugin without a host: see tasker/c_testing.h. */
#define _GNU_SOURCE
#include <tasker/c_testing.h>
@includes@
static int failures = 0;

static void expect(int is_so, const char *what, tasker_ended ended) {
    if (is_so) return;
    ++failures;
    fprintf(stderr, "%s, but it came to kind %d %s %s %s\n", what, ended.kind, ended.code, ended.message, ended.payload);
}

static int is_ok(tasker_ended ended, const char *payload) {
    return ended.kind == TASKER_OK && strcmp(ended.payload, payload) == 0;
}

static int is_error(tasker_ended ended, int kind, const char *code) {
    return ended.kind == kind && strcmp(ended.code, code) == 0;
}

@functions@int main(void) {
    tasker_test test;
@begin@    if (!tasker_test_begin(&test, @config@)) return 1;
@calls@    failures += tasker_test_end(&test);
@end@    return failures != 0;
}

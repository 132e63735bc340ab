#define _GNU_SOURCE
#include "http.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

enum { MOST_BYTES = 1 << 20 };

/* What libcurl's callbacks see of one exchange. */
struct exchange {
    const tasker_host  *host;
    tasker_token        token;
    struct http_answer *answer;
    int                 is_too_large;
};

static size_t take_body(char *bytes, size_t unit, size_t count, void *context) {
    struct exchange *exchange = context;
    struct http_answer *answer = exchange->answer;
    char *longer;
    (void)unit;
    exchange->is_too_large = answer->size + count > MOST_BYTES;
    if (exchange->is_too_large) return 0;
    longer = realloc(answer->body, answer->size + count + 1);
    if (longer == NULL) return 0;
    memcpy(longer + answer->size, bytes, count);
    answer->body = longer;
    answer->size += count;
    return count;
}

/* libcurl asks at least once a second, also while nothing moves. */
static int look_whether_to_stop(void *context, curl_off_t all, curl_off_t now, curl_off_t up, curl_off_t up_now) {
    const struct exchange *exchange = context;
    (void)all, (void)now, (void)up, (void)up_now;
    return exchange->host->should_stop(exchange->host, exchange->token) != 0;
}

static struct curl_slist *header_list(tasker_str key) {
    struct curl_slist *list = curl_slist_append(NULL, "Accept: application/json");
    char line[512];
    list = curl_slist_append(list, "Content-Type: application/json");
    snprintf(line, sizeof line, "Idempotency-Key: %.*s", (int)key.size, key.data);
    return curl_slist_append(list, line);
}

int http_begin(void) {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return 0;
    /* Some of the libraries that libcurl brings along do not survive being unloaded, so they stay when the plugin goes. */
    dlopen("libcurl.so.4", RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
    return 1;
}

void http_end(void) { curl_global_cleanup(); }

/* 0: timeout_seconds is no sensible time. */
static long milliseconds_in(const json_t *config) {
    const json_t *seconds = json_object_get(config, "timeout_seconds");
    const double value = seconds == NULL || json_is_null(seconds) ? 10 : json_number_value(seconds); /* 0 of what is no number */
    return value < 0.001 || value > 3600 ? 0 : (long)(value * 1000);
}

static void set_request(CURL *curl, const tasker_call *call, const json_t *config) {
    const char *method = json_string_value(json_object_get(config, "method"));
    curl_easy_setopt(curl, CURLOPT_URL, json_string_value(json_object_get(config, "url")));
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, milliseconds_in(config));
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    if (method == NULL || strcmp(method, "GET") == 0) return;
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->inputs.size);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, call->inputs.data);
}

static void set_callbacks(CURL *curl, struct exchange *exchange) {
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, exchange);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, look_whether_to_stop);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, exchange);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
}

static int perform(CURL *curl, struct exchange *exchange, tasker_outcome *out) {
    const CURLcode code = curl_easy_perform(curl);
    curl_off_t seconds = 0;
    if (code == CURLE_ABORTED_BY_CALLBACK) return tasker_cancelled(out), 0;
    if (exchange->is_too_large) return tasker_fail(out, "http.too_large", "the answer is larger than 1 MiB"), 0;
    if (code != CURLE_OK) return tasker_retry(out, 0, "http.unreachable", "%s", curl_easy_strerror(code)), 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &exchange->answer->status);
    curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &seconds); /* a number of the server's, or its date */
    exchange->answer->retry_after_ms = (uint64_t)seconds * 1000;
    return 1;
}

int http_send(const tasker_host *host, const tasker_call *call, struct http_answer *answer, tasker_outcome *out) {
    struct exchange exchange = {host, call->token, answer, 0};
    json_t *config = json_from(call->config);
    struct curl_slist *headers = NULL;
    CURL *curl = NULL;
    int has_answer = 0;
    if (!json_is_string(json_object_get(config, "url"))) {
        tasker_fail(out, "http.no_url", "the step's handler_config has no url");
    } else if (milliseconds_in(config) == 0) {
        tasker_fail(out, "http.bad_config", "timeout_seconds is not a number from 0.001 to 3600");
    } else if ((curl = curl_easy_init()) == NULL) {
        tasker_no_memory(out);
    } else {
        headers = header_list(call->idempotency_key);
        set_request(curl, call, config);
        set_callbacks(curl, &exchange);
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
        has_answer = perform(curl, &exchange, out);
    }
    curl_easy_cleanup(curl);
    curl_slist_free_all(headers);
    json_decref(config);
    return has_answer;
}

int http_is_good(const struct http_answer *answer, tasker_outcome *out) {
    /* A code is static text, so each has a literal of its own. */
    static const struct {
        long        status;
        int         is_final;
        const char *code;
    } known[] = {{400, 1, "HTTP_400"}, {401, 1, "HTTP_401"}, {403, 1, "HTTP_403"}, {404, 1, "HTTP_404"}, {422, 1, "HTTP_422"},
                 {429, 0, "HTTP_429"}, {503, 0, "HTTP_503"}};
    const long status = answer->status;
    if (status >= 200 && status <= 226) return 1;
    for (size_t i = 0; i < sizeof known / sizeof *known; ++i) {
        if (known[i].status != status) continue;
        if (known[i].is_final) return tasker_fail(out, known[i].code, "the server answered %ld", status), 0;
        return tasker_retry(out, answer->retry_after_ms, known[i].code, "the server answered %ld", status), 0;
    }
    return tasker_retry(out, 0, "http.status", "the server answered %ld", status), 0;
}

/* HTTP requests by libcurl: sends one, waits no longer than it was told, and says what an answer means for the step. */
#ifndef HTTP_H
#define HTTP_H

#include <tasker/c.h>

struct http_answer {
    long     status;
    char    *body; /* to be freed */
    size_t   size;
    uint64_t retry_after_ms; /* of the header Retry-After; 0 without one */
};

/* Once, before anything else. False: libcurl cannot be used. */
int http_begin(void);
void http_end(void);

/* The request that the step's handler_config describes; its body is the results of the step's parents. False: there is no
 * answer, and `out` says why. The body is to be freed in both cases. */
int http_send(const tasker_host *host, const tasker_call *call, struct http_answer *answer, tasker_outcome *out);

/* False when `out` says what the status means: 429 and 503 are retried when the server says, other troubles of its own after
 * the backoff; what the request itself is refused for is final. The code is HTTP_<status>, or http.status for others. */
int http_is_good(const struct http_answer *answer, tasker_outcome *out);

#endif

/* Messages as files of a folder, from which another program sends them on. One that is there is not written again. */
#ifndef OUTBOX_H
#define OUTBOX_H

#include <tasker/c.h>

/* Makes the folder, not those around it. False: none is named, or it cannot be made, and `error` says so. */
int outbox_begin(const char *folder, tasker_outcome *error);

/* The file appears whole or not at all. False: it could not be delivered, and `out` says why. */
int outbox_deliver(const char *folder, const char *id, const char *to, const char *subject, const char *text,
                   tasker_outcome *out);

#endif

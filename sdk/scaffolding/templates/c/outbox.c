#define _GNU_SOURCE
#include "outbox.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int outbox_begin(const char *folder, tasker_outcome *error) {
    if (*folder == '\0') return tasker_fail(error, "outbox.no_folder", "the plugin's configuration names no `outbox`"), 0;
    if (mkdir(folder, 0755) == 0 || errno == EEXIST) return 1;
    return tasker_fail(error, "outbox.trouble", "cannot make %s: %s", folder, strerror(errno)), 0;
}

static int is_address(const char *to) {
    for (const char *at = to; *at != '\0'; ++at)
        if (iscntrl((unsigned char)*at)) return 0;
    return strchr(to, '@') != NULL;
}

/* False: too long. */
static int path_of(char *path, size_t room, const char *folder, const char *id) {
    size_t used = (size_t)snprintf(path, room, "%s/", folder);
    for (; *id != '\0' && used < room; ++id) {
        const int is_plain = isalnum((unsigned char)*id) || *id == '-' || *id == '_';
        used += (size_t)snprintf(path + used, room - used, is_plain ? "%c" : "%%%02X", (unsigned char)*id);
    }
    if (used < room) used += (size_t)snprintf(path + used, room - used, ".txt");
    return used < room;
}

/* Written under a name that nobody looks at: two hosts may be delivering the same message after a takeover. */
static int write_draft(char *draft, const char *id, const char *to, const char *subject, const char *text) {
    const int file = mkostemp(draft, O_CLOEXEC);
    int is_whole;
    if (file < 0) return 0;
    is_whole = dprintf(file, "To: %s\nSubject: %s\nMessage-ID: %s\n\n%s\n", to, subject, id, text) > 0 && fsync(file) == 0;
    return close(file) == 0 && is_whole;
}

int outbox_deliver(const char *folder, const char *id, const char *to, const char *subject, const char *text,
                   tasker_outcome *out) {
    char path[PATH_MAX], draft[PATH_MAX];
    int error = 0;
    if (!is_address(to)) return tasker_fail(out, "outbox.bad_address", "no address to send to: %s", to), 0;
    if (!path_of(path, sizeof path, folder, id) || snprintf(draft, sizeof draft, "%s/.draft-XXXXXX", folder) >= PATH_MAX)
        return tasker_fail(out, "outbox.bad_folder", "the folder's name is too long"), 0;
    /* Unlike rename, link leaves the message that is already there alone. */
    if (!write_draft(draft, id, to, subject, text) || link(draft, path) != 0) error = errno;
    unlink(draft);
    if (error == 0 || error == EEXIST) return 1;
    return tasker_retry(out, 0, "outbox.trouble", "cannot deliver %s: %s", path, strerror(error)), 0;
}

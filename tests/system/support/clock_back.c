/* Preloaded into a host: once the file $CLOCK_BACK_FILE exists, the wall clock is an hour behind. The
 * monotonic clock goes on, as it does when somebody sets a machine's clock. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { BACK_SECONDS = 3600 };

static time_t offset(void) {
    const char *file = getenv("CLOCK_BACK_FILE");
    return file != NULL && access(file, F_OK) == 0 ? BACK_SECONDS : 0;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    const int answer = (int)syscall(SYS_clock_gettime, clock, now);
    if (answer == 0 && clock == CLOCK_REALTIME) now->tv_sec -= offset();
    return answer;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    struct timespec exact;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &exact) != 0) return -1;
    now->tv_sec = exact.tv_sec;
    now->tv_usec = exact.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *at) {
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) return (time_t)-1;
    if (at != NULL) *at = now.tv_sec;
    return now.tv_sec;
}

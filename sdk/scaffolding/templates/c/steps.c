/* The steps of @namespace@/@name@, a function for each step of @name@.yaml. They run on many threads at once, and a step
 * that was interrupted runs again with the same idempotency key. */
#include <stdlib.h>
#include <string.h>
#include <tasker/c.h>

@includes@
@services@@functions@@tables@TASKER_C_PLUGIN(@begin@, @end@@handlers@)

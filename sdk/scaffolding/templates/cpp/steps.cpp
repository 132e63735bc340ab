// The steps of @namespace@/@name@, a function for each step of @name@.yaml. They run on many threads at once, and a step
// that was interrupted runs again with the same idempotency key.
#include <tasker/sdk.h>
@includes@
using tasker::Call;
using tasker::Json;

namespace {
@services@
namespace steps {

@functions@}  // namespace steps
}  // namespace

TASKER_PLUGIN(@state@@handlers@)

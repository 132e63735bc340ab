// Runs the steps of the built plugin without a host, by the test kit of the SDK: see tasker/testing.h.
#include <tasker/testing.h>
@includes@
using tasker::Json;
using tasker::kit::Kind;
using tasker::kit::Outcome;
using tasker::kit::Plugin;

namespace {

int failures = 0;

void expect(bool is_so, const char* what, const Outcome& outcome) {
  if (is_so) return;
  ++failures;
  std::cerr << what << ", but it came to " << outcome << '\n';
}

@functions@}  // namespace

int main() {
@begin@  Plugin plugin@config@;
@calls@  const std::string problems = plugin.stop();
  if (!problems.empty()) std::cerr << "against the contract: " << problems << '\n';
  return failures == 0 && problems.empty() ? 0 : 1;
}

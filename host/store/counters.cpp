#include "store/counters.h"

#include "store/sql_text.h"

namespace tasker::store {

Counters::Counters() {
  for (const NamedQuery& each : queries()) statements[each.name];
}

}  // namespace tasker::store

// The store contract on PostgreSQL and on the in-memory store.
#include "support/memory_world.h"
#include "support/pg_world.h"
#include "support/store_contract.h"

namespace tasker::test {
namespace {

INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, StoreContract, PgWorld);
INSTANTIATE_TYPED_TEST_SUITE_P(Memory, StoreContract, MemoryWorld);

}  // namespace
}  // namespace tasker::test

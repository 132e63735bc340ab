// Which of PostgreSQL's errors may pass by themselves. Pure.
#pragma once

#include <string_view>

namespace std_sql {

// True for a connection that was lost (08), a transaction that collided (40), a server short of something (53), shutting
// down, starting or giving up a statement (57), at fault itself (58), a lock that was not to be had (55P03), and a
// server that takes no writes just now (25006), as after a failover.
bool is_retryable(std::string_view sqlstate);

}  // namespace std_sql

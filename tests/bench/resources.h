// CPU seconds and memory of this process and of the database server's processes, from /proc.
#pragma once

#include <sys/types.h>

namespace tasker::bench {

struct CpuSeconds {
  double host = 0;
  double postgres = 0;
};

// `server` is the postmaster; 0 leaves the database's share out.
CpuSeconds cpu_seconds(pid_t server);
double peak_rss_mib();
double rss_mib();  // now

}  // namespace tasker::bench

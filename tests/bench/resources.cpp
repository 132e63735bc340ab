#include "resources.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace tasker::bench {

namespace {

double seconds(const timeval& time) { return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6; }

// Fields of /proc/<pid>/stat after the program's name: [1] is the parent, [11..14] are CPU ticks, own and children's.
std::vector<long> stat_fields(const std::string& pid) {
  std::ifstream file("/proc/" + pid + "/stat");
  std::string line;
  std::getline(file, line);
  std::vector<long> fields;
  std::istringstream rest(line.substr(std::min(line.size(), line.rfind(')') + 4)));
  for (long field = 0; rest >> field;) fields.push_back(field);
  return fields;
}

double postgres_seconds(pid_t server) {
  double ticks = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string pid = entry.path().filename();
    if (pid.find_first_not_of("0123456789") != std::string::npos) continue;
    const std::vector<long> fields = stat_fields(pid);
    if (fields.size() < 14) continue;
    const bool is_server = pid == std::to_string(server);
    if (!is_server && fields[0] != server) continue;
    ticks += static_cast<double>(fields[10] + fields[11]);
    if (is_server) ticks += static_cast<double>(fields[12] + fields[13]);  // back ends that have ended
  }
  return ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

}  // namespace

CpuSeconds cpu_seconds(pid_t server) {
  rusage own{};
  ::getrusage(RUSAGE_SELF, &own);
  return {seconds(own.ru_utime) + seconds(own.ru_stime), server > 0 ? postgres_seconds(server) : 0};
}

double peak_rss_mib() {
  rusage own{};
  ::getrusage(RUSAGE_SELF, &own);
  return static_cast<double>(own.ru_maxrss) / 1024.0;
}

double rss_mib() {
  std::ifstream file("/proc/self/statm");
  long pages = 0;
  long resident = 0;
  file >> pages >> resident;
  return static_cast<double>(resident * ::sysconf(_SC_PAGESIZE)) / (1024.0 * 1024.0);
}

}  // namespace tasker::bench

// What tasker-bench was asked to do: the same for workloads and scenarios.
#pragma once

#include <string>
#include <vector>

namespace tasker::bench {

struct Arguments {
  std::vector<std::string> names;
  int tasks = 0;           // 0: the workload's usual number
  int window = 12'000;     // unfinished steps at a time
  int payload = 0;         // bytes of each context and each result; 0: a few
  bool http = false;       // submit through HTTP, from a process of its own
  int backlog = 0;         // tasks in the queue before the clock starts
  double minutes = 0;      // run so long instead of a number of tasks
  int repeat = 1;          // runs; the median is printed
  int latency_runs = 300;  // single tasks to time
  bool limit = true;       // measure what set-based SQL reaches
  int workers = 0;         // 0: the host's default
  std::string isolation = "in_process";  // where plugins run: in_process, process
  std::string data;        // folder of the private database; emptied
  std::string plugins;     // folder that holds bench/<workload>-1.0.0.so
};

}  // namespace tasker::bench

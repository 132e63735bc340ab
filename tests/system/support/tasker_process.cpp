#include "system/support/tasker_process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <regex>

#include "support/files.h"

namespace tasker::test {
namespace {

namespace fs = std::filesystem;

fs::path build_folder() {
  const char* other = std::getenv("TASKER_TEST_BUILD");
  return other != nullptr && *other != '\0' ? fs::path(other) : fs::path(TASKER_BINARY_DIR);
}

// Everything the child needs is made before the fork: this process has other threads.
pid_t spawn(const std::vector<std::string>& arguments, const std::vector<std::string>& environment, int out, int err) {
  const auto program = tasker_program().string();
  std::vector<std::string> words{program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<std::string> variables = environment;
  for (char** variable = environ; *variable != nullptr; ++variable)
    if (!std::string_view(*variable).starts_with("TASKER_")) variables.emplace_back(*variable);
  std::vector<char*> argv, envp;
  for (auto& word : words) argv.push_back(word.data());
  for (auto& variable : variables) envp.push_back(variable.data());
  argv.push_back(nullptr);
  envp.push_back(nullptr);
  const pid_t child = ::fork();
  if (child != 0) return child;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(err, STDERR_FILENO);
  ::execve(program.c_str(), argv.data(), envp.data());
  ::_exit(127);
}

int open_for_writing(const fs::path& path) {
  return ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

int exit_code_of(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

std::string text_of(const fs::path& path, std::uintmax_t from = 0) {
  std::ifstream in(path, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(from));
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string tail(const std::string& text, std::size_t bytes = 6000) {
  return text.size() <= bytes ? text : "… " + text.substr(text.size() - bytes);
}

}  // namespace

fs::path tasker_program() { return build_folder() / "bin/tasker"; }

fs::path built_plugin(const std::string& name) {
  const auto shipped = build_folder() / "plugins" / name;
  return fs::exists(shipped) ? shipped : build_folder() / "tests/fixtures/plugins" / name;
}

TaskerProcess::TaskerProcess(std::vector<std::string> arguments, fs::path output, const std::vector<std::string>& environment)
    : arguments_(std::move(arguments)), output_(std::move(output)) {
  const int file = open_for_writing(output_);
  output_start_ = fs::file_size(output_);
  pid_ = spawn(arguments_, environment, file, file);
  ::close(file);
}

TaskerProcess::~TaskerProcess() {
  kill_hard();
  if (!testing::Test::HasFailure()) return;
  std::cerr << "---- tasker";
  for (const auto& argument : arguments_) std::cerr << ' ' << argument;
  std::cerr << "\n" << tail(output());
  for (const auto& log : logs_) std::cerr << "---- " << log.string() << "\n" << tail(text_of(log));
}

bool TaskerProcess::wait_until_ready(std::chrono::seconds deadline) {
  static const std::regex where("tasker is running at http://127\\.0\\.0\\.1:([0-9]+)");
  const bool ready = eventually(
      [&] {
        std::smatch found;
        const auto said = output();
        if (http_.port() == 0 && std::regex_search(said, found, where))
          http_ = HttpClient(static_cast<std::uint16_t>(std::stoi(found[1])));
        if (http_.port() != 0 && http_.get("/tasker/health/ready").status == 200) return true;
        return wait_for_exit(std::chrono::milliseconds(0)).has_value();
      },
      deadline);
  if (ready && !exit_code_) return true;
  ADD_FAILURE() << "tasker is not ready" << (exit_code_ ? "; it ended with " + std::to_string(*exit_code_) : "");
  return false;
}

bool TaskerProcess::wait_for_output(const std::string& text, std::chrono::milliseconds deadline) const {
  return eventually([&] { return output().find(text) != std::string::npos; }, deadline);
}

void TaskerProcess::signal(int number) const {
  if (!exit_code_) ::kill(pid_, number);
}

void TaskerProcess::kill_hard() {
  signal(SIGKILL);
  wait_for_exit();
}

void TaskerProcess::freeze() {
  signal(SIGSTOP);
  int status = 0;
  if (!eventually([&] { return ::waitpid(pid_, &status, WNOHANG | WUNTRACED) == pid_; }) || !WIFSTOPPED(status))
    ADD_FAILURE() << "the process did not stop";
}

std::optional<int> TaskerProcess::wait_for_exit(std::chrono::milliseconds deadline) {
  if (exit_code_) return exit_code_;
  int status = 0;
  if (eventually([&] { return ::waitpid(pid_, &status, WNOHANG) == pid_; }, deadline)) exit_code_ = exit_code_of(status);
  return exit_code_;
}

std::string TaskerProcess::output() const { return text_of(output_, output_start_); }

Finished run_tasker(const std::vector<std::string>& arguments, const std::vector<std::string>& environment,
                    std::chrono::milliseconds deadline) {
  TempDir folder;
  const auto out = folder.path() / "out", err = folder.path() / "err";
  const int out_file = open_for_writing(out), err_file = open_for_writing(err);
  const pid_t child = spawn(arguments, environment, out_file, err_file);
  ::close(out_file);
  ::close(err_file);
  Finished finished;
  int status = 0;
  if (eventually([&] { return ::waitpid(child, &status, WNOHANG) == child; }, deadline)) {
    finished.exit_code = exit_code_of(status);
  } else {
    ::kill(child, SIGKILL);
    ::waitpid(child, &status, 0);
  }
  finished.out = text_of(out);
  finished.err = text_of(err);
  return finished;
}

}  // namespace tasker::test

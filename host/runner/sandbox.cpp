#include "runner/sandbox.h"

#include <asm/ioctls.h>
#include <asm/sockios.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

namespace tasker::runner {
namespace {

// Nobody calls these by mistake: the runner is killed by SIGSYS.
constexpr int kFatal[] = {SCMP_SYS(ptrace),      SCMP_SYS(process_vm_writev), SCMP_SYS(bpf),           SCMP_SYS(reboot),
                          SCMP_SYS(kexec_load),  SCMP_SYS(kexec_file_load),   SCMP_SYS(init_module),   SCMP_SYS(finit_module),
                          SCMP_SYS(delete_module)};

// What a handler has no business with: other processes, the system, new programs.
constexpr int kForbidden[] = {
    SCMP_SYS(acct), SCMP_SYS(add_key), SCMP_SYS(adjtimex), SCMP_SYS(chroot), SCMP_SYS(clock_adjtime), SCMP_SYS(clock_settime),
    SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(fanotify_init), SCMP_SYS(fork), SCMP_SYS(fsconfig), SCMP_SYS(fsmount),
    SCMP_SYS(fsopen), SCMP_SYS(fspick), SCMP_SYS(io_uring_enter), SCMP_SYS(io_uring_register), SCMP_SYS(io_uring_setup),
    SCMP_SYS(ioperm), SCMP_SYS(iopl), SCMP_SYS(kcmp), SCMP_SYS(keyctl), SCMP_SYS(lookup_dcookie), SCMP_SYS(mount),
    SCMP_SYS(mount_setattr), SCMP_SYS(move_mount), SCMP_SYS(move_pages), SCMP_SYS(migrate_pages), SCMP_SYS(name_to_handle_at),
    SCMP_SYS(open_by_handle_at), SCMP_SYS(open_tree), SCMP_SYS(perf_event_open), SCMP_SYS(personality),
    SCMP_SYS(pidfd_getfd), SCMP_SYS(pidfd_send_signal), SCMP_SYS(pivot_root), SCMP_SYS(process_vm_readv), SCMP_SYS(quotactl),
    SCMP_SYS(request_key), SCMP_SYS(setdomainname), SCMP_SYS(sethostname), SCMP_SYS(setns), SCMP_SYS(settimeofday),
    SCMP_SYS(swapoff), SCMP_SYS(swapon), SCMP_SYS(syslog), SCMP_SYS(umount2), SCMP_SYS(unshare), SCMP_SYS(userfaultfd),
    SCMP_SYS(vfork), SCMP_SYS(vhangup)};

constexpr int kOfNetwork[] = {SCMP_SYS(socket), SCMP_SYS(socketpair), SCMP_SYS(connect), SCMP_SYS(bind), SCMP_SYS(listen),
                              SCMP_SYS(accept), SCMP_SYS(accept4)};

using Filter = std::unique_ptr<void, decltype(&::seccomp_release)>;

// Calls that this machine does not have cannot be made either.
bool add(const Filter& filter, std::uint32_t action, int call) {
  const int answer = ::seccomp_rule_add(filter.get(), action, call, 0);
  return answer == 0 || answer == -EDOM || answer == -EINVAL;
}

template <std::size_t n>
bool add_all(const Filter& filter, std::uint32_t action, const int (&calls)[n]) {
  for (const int call : calls)
    if (!add(filter, action, call)) return false;
  return true;
}

// As the library's macros, which are C99 and no C++.
scmp_arg_cmp first(scmp_compare how, std::uint64_t a, std::uint64_t b = 0) { return {0, how, a, b}; }
// The kernel looks at 32 bits only, so what stands above them must not hide a value.
scmp_arg_cmp second_is(std::uint32_t value) { return {1, SCMP_CMP_MASKED_EQ, 0xffff'ffff, value}; }

// Calls of the machine's other instruction sets (i386, x32) have other numbers. Left to the library, such a call ends one
// thread, and its attempt never.
Filter allow_what_is_not_named() {
  Filter filter(::seccomp_init(SCMP_ACT_ALLOW), &::seccomp_release);
  if (filter && ::seccomp_attr_set(filter.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) != 0) filter.reset();
  return filter;
}

bool add_conditions(const Filter& filter) {
  const auto refused = SCMP_ACT_ERRNO(EPERM);
  const auto self = static_cast<std::uint64_t>(::getpid());
  // The flags of clone3 lie in memory, where a filter cannot look: without it the C library takes clone.
  bool added = ::seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) == 0;
  // A thread is no process.
  added &= ::seccomp_rule_add(filter.get(), refused, SCMP_SYS(clone), 1, first(SCMP_CMP_MASKED_EQ, CLONE_THREAD)) == 0;
  for (const int call : {SCMP_SYS(kill), SCMP_SYS(tgkill), SCMP_SYS(rt_sigqueueinfo), SCMP_SYS(rt_tgsigqueueinfo)})
    added &= ::seccomp_rule_add(filter.get(), refused, call, 1, first(SCMP_CMP_NE, self)) == 0;
  // Names a thread without its process.
  added &= ::seccomp_rule_add(filter.get(), refused, SCMP_SYS(tkill), 0) == 0;
  // Limits of others: the host's would be as good as a signal. 0 is oneself, as the C library says it.
  added &= ::seccomp_rule_add(filter.get(), refused, SCMP_SYS(prlimit64), 1, first(SCMP_CMP_NE, 0)) == 0;
  // Signals that the kernel sends for a descriptor, to whom one likes.
  for (const std::uint32_t command : {F_SETOWN, F_SETOWN_EX, F_SETSIG})
    added &= ::seccomp_rule_add(filter.get(), refused, SCMP_SYS(fcntl), 1, second_is(command)) == 0;
  for (const std::uint32_t request : {FIOSETOWN, SIOCSPGRP})
    added &= ::seccomp_rule_add(filter.get(), refused, SCMP_SYS(ioctl), 1, second_is(request)) == 0;
  return added;
}

Result<void> load(const Filter& filter) {
  if (const int error = ::seccomp_load(filter.get()); error != 0)
    return make_error(Code::plugin_runner_failed, std::string("the kernel refused the runner's seccomp filter (") +
                                                      std::strerror(-error) + "); seccomp: none does without one");
  return {};
}

Result<void> refuse_calls(SeccompProfile profile) {
  if (profile == SeccompProfile::none) return {};
  const Filter filter = allow_what_is_not_named();
  const auto refused = SCMP_ACT_ERRNO(EPERM);
  if (!filter || !add_all(filter, SCMP_ACT_KILL_PROCESS, kFatal) || !add_all(filter, refused, kForbidden) ||
      !add_conditions(filter) || (profile == SeccompProfile::strict && !add_all(filter, refused, kOfNetwork)))
    return make_error(Code::plugin_runner_failed, "the runner's seccomp filter could not be built");
  return load(filter);
}

Result<void> limit(decltype(RLIMIT_AS) what, rlim_t value, const char* name) {
  rlimit limits{};
  ::getrlimit(what, &limits);
  limits.rlim_max = std::min(limits.rlim_max, value);
  limits.rlim_cur = limits.rlim_max;
  if (::setrlimit(what, &limits) == 0) return {};
  return make_error(Code::plugin_runner_failed, std::string("the runner's limit of ") + name + " could not be set: " + std::strerror(errno));
}

}  // namespace

std::optional<SeccompProfile> seccomp_profile_from(std::string_view text) {
  if (text == "none") return SeccompProfile::none;
  if (text == "default") return SeccompProfile::standard;
  if (text == "strict") return SeccompProfile::strict;
  return std::nullopt;
}

bool is_sanitized() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return true;
#else
  return false;
#endif
}

void die_with_host() { ::prctl(PR_SET_PDEATHSIG, SIGKILL); }

void go_first_when_memory_is_short() {
  const int file = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (file < 0) return;
  static_cast<void>(!::write(file, "1000", 4));
  ::close(file);
}

Result<void> enter_sandbox(const Hello& hello) {
  if (auto done = limit(RLIMIT_CORE, 0, "core dumps"); !done) return done;
  if (hello.memory_mib > 0 && !is_sanitized())
    if (auto done = limit(RLIMIT_AS, rlim_t{hello.memory_mib} << 20, "memory"); !done) return done;
  if (hello.files > 0)
    if (auto done = limit(RLIMIT_NOFILE, hello.files, "descriptors"); !done) return done;
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    return make_error(Code::plugin_runner_failed, std::string("no_new_privs could not be set: ") + std::strerror(errno));
  return refuse_calls(hello.seccomp);
}

Result<void> enter_probe_sandbox() {
  if (auto done = limit(RLIMIT_CORE, 0, "core dumps"); !done) return done;
  if (!is_sanitized())
    if (auto done = limit(RLIMIT_AS, rlim_t{kProbeMemoryMib} << 20, "memory"); !done) return done;
  const Filter filter = allow_what_is_not_named();
  const auto refused = SCMP_ACT_ERRNO(EPERM);
  bool is_built = filter && add_all(filter, refused, kFatal);
  // Its parent answers for other plugins too.
  const auto self = static_cast<std::uint64_t>(::getpid());
  for (const int call : {SCMP_SYS(kill), SCMP_SYS(tgkill), SCMP_SYS(rt_sigqueueinfo), SCMP_SYS(rt_tgsigqueueinfo)})
    is_built = is_built && ::seccomp_rule_add(filter.get(), refused, call, 1, first(SCMP_CMP_NE, self)) == 0;
  if (!is_built) return make_error(Code::plugin_runner_failed, "the probe's seccomp filter could not be built");
  static_cast<void>(load(filter));  // where the kernel has none, the plugin would be no safer in the host
  return {};
}

}  // namespace tasker::runner

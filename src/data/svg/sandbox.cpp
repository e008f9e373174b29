// Resource limits and a system call filter (seccomp) for pdmp-svg.
#include "data/svg/sandbox.h"

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

namespace pdmp::data {
namespace {

#if defined(__x86_64__)
#define PDMP_AUDIT_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define PDMP_AUDIT_ARCH AUDIT_ARCH_AARCH64
#endif

void limit(decltype(RLIMIT_AS) resource, rlim_t value) {
  rlimit limits{value, value};
  setrlimit(resource, &limits);
}

void set_limits() {
  limit(RLIMIT_CORE, 0);
#ifndef PDMP_SANITIZED  // the shadow memory of AddressSanitizer would count
  constexpr rlim_t kMebibyte = 1 << 20;
  limit(RLIMIT_DATA, 448 * kMebibyte);  // the largest drawing is 256 MiB
  limit(RLIMIT_AS, 1024 * kMebibyte);
#endif
  limit(RLIMIT_FSIZE, 0);
  limit(RLIMIT_NOFILE, 0);  // those that are open stay
  limit(RLIMIT_CPU, 3600);  // for a process that outlived its parent; pdmp watches each drawing itself
}

void ignore_signals() {
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGTSTP}) std::signal(number, SIG_IGN);
}

#ifdef PDMP_AUDIT_ARCH

// Classic BPF. Fields of seccomp_data are read in words of 32 bits; numbers and flags are in the lower ones.
class Filter {
 public:
  Filter() {
    load(offsetof(seccomp_data, arch));
    add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PDMP_AUDIT_ARCH, 1, 0));
    answer(SECCOMP_RET_KILL_PROCESS);
    load(offsetof(seccomp_data, nr));
  }

  // `calls` get this answer. The accumulator holds the number of the call and keeps it.
  void on(std::initializer_list<long> calls, uint32_t action) {
    for (const long call : calls) {
      add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(call), 0, 1));
      answer(action);
    }
  }

  // Allowed where the argument has (`wanted`) or lacks any of the bits; EACCES else.
  void on_bits(long call, size_t argument, uint32_t bits, bool wanted) {
    add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(call), 0, 4));
    load(offsetof(seccomp_data, args) + argument * sizeof(uint64_t));
    add(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, static_cast<uint8_t>(wanted ? 0 : 1),
                 static_cast<uint8_t>(wanted ? 1 : 0)));
    answer(SECCOMP_RET_ALLOW);
    answer(SECCOMP_RET_ERRNO | EACCES);
  }

  void answer(uint32_t action) { add(BPF_STMT(BPF_RET | BPF_K, action)); }

  bool install() {
    sock_fprog program{static_cast<unsigned short>(code_.size()), code_.data()};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0;
  }

 private:
  void add(const sock_filter& instruction) { code_.push_back(instruction); }
  void load(size_t offset) { add(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<uint32_t>(offset))); }

  std::vector<sock_filter> code_;
};

bool filter_calls() {
  Filter filter;
  filter.on({SYS_read,           SYS_write,           SYS_readv,
             SYS_writev,         SYS_futex,           SYS_munmap,
             SYS_mremap,         SYS_madvise,         SYS_brk,
             SYS_exit,           SYS_exit_group,      SYS_rt_sigaction,
             SYS_rt_sigprocmask, SYS_rt_sigreturn,    SYS_sigaltstack,
             SYS_clock_gettime,  SYS_clock_nanosleep, SYS_gettimeofday,
             SYS_nanosleep,      SYS_getpid,          SYS_gettid,
             SYS_tgkill,         SYS_sched_yield,     SYS_sched_getaffinity,
             SYS_getrandom,      SYS_set_robust_list, SYS_setitimer,
             SYS_getrusage,      SYS_sysinfo,         SYS_close,
             SYS_lseek,          SYS_fstat,           SYS_getuid,
             SYS_geteuid,        SYS_getgid,          SYS_getegid,
             SYS_uname,          SYS_restart_syscall, SYS_membarrier},
            SECCOMP_RET_ALLOW);
#ifdef SYS_rseq
  filter.on({SYS_rseq}, SECCOMP_RET_ALLOW);
#endif
  // cairo asks whether it may read a font's file before it uses the font that it has open: the answer is yes.
  filter.on({SYS_faccessat}, SECCOMP_RET_ERRNO);
#ifdef SYS_access
  filter.on({SYS_access}, SECCOMP_RET_ERRNO);
#endif
#ifdef SYS_faccessat2
  filter.on({SYS_faccessat2}, SECCOMP_RET_ERRNO);
#endif
  // Threads, not processes. The C library falls back from clone3, whose flags no filter can see.
  filter.on_bits(SYS_clone, 0, CLONE_THREAD, true);
  filter.on({SYS_clone3}, SECCOMP_RET_ERRNO | ENOSYS);
  filter.on_bits(SYS_mmap, 2, PROT_EXEC, false);
  filter.on_bits(SYS_mprotect, 2, PROT_EXEC, false);
  filter.on({SYS_socket, SYS_socketpair, SYS_connect, SYS_bind, SYS_execve, SYS_execveat, SYS_ptrace},
            SECCOMP_RET_KILL_PROCESS);
  filter.answer(SECCOMP_RET_ERRNO | EACCES);  // libraries that look for a file find none
  return filter.install();
}

#else

bool filter_calls() { return false; }

#endif

}  // namespace

bool enter_sandbox() {
  ignore_signals();
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  set_limits();
  return filter_calls();
}

}  // namespace pdmp::data

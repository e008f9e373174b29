// Signals that ask the program to stop.
#include "base/signal.h"

#include <atomic>
#include <cstdint>
#include <signal.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/session.h"
#include "pdmp/error.h"

namespace pdmp {
namespace {

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2};

// The first signal that came, 0: none, and when. Lock-free, so both a handler and other threads may touch them.
std::atomic<int> first = 0;
std::atomic<int64_t> first_at = 0;  // milliseconds
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<int64_t>::is_always_lock_free);

int64_t now() {
  timespec time = {};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return int64_t{time.tv_sec} * 1000 + time.tv_nsec / 1'000'000;
}

// What sends a signal to a process and to its group, as timeout does, means one.
bool is_the_first_again(int number) {
  constexpr int64_t kAgain = 500;
  return number == first && now() - first_at < kAgain;
}

int exit_code_of(int number) { return number == SIGINT ? 128 + SIGINT : EX_TEMPFAIL; }

extern "C" void handle_interrupt(int number, siginfo_t* info, void*) {
  if (first == 0) first_at = now();
  int none = 0;
  if (first.compare_exchange_strong(none, number)) return;
  const bool asked_by_parent = info->si_code == SI_QUEUE && info->si_pid == getppid();
  if (!asked_by_parent && !is_the_first_again(number)) _exit(exit_code_of(number));
}

}  // namespace

void install_interrupt_handler() {
  for (const int number : kSignals) {
    struct sigaction before = {};
    sigaction(number, nullptr, &before);
    if ((before.sa_flags & SA_SIGINFO) == 0 && before.sa_handler == SIG_IGN) continue;
    struct sigaction action = {};
    action.sa_sigaction = handle_interrupt;
    action.sa_flags = SA_RESTART | SA_SIGINFO;  // reads and writes under way are none of its business
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, nullptr);
  }
}

bool interrupted() { return first != 0 || is_cancelled(); }

void clear_interrupt() { first = 0; }

void stop_if_interrupted(const std::string& message) {
  if (interrupted()) throw Error(ErrorKind::interrupted, message);
}

void note_interrupt(int number) {
  int none = 0;
  first.compare_exchange_strong(none, number);
}

int interrupt_exit_code() { return exit_code_of(first); }

void ask_to_stop(int process) { sigqueue(process, SIGTERM, {}); }

}  // namespace pdmp

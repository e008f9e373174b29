#include "base/signal.h"

#include <atomic>
#include <signal.h>
#include <unistd.h>

namespace pdmp {
namespace {

// Lock-free, so both a handler and other threads may touch it.
std::atomic<bool> flag = false;
static_assert(std::atomic<bool>::is_always_lock_free);

extern "C" void handle_interrupt(int number) {
  const bool before = flag.exchange(true);
  if (before && number == SIGINT) _exit(130);
}

}  // namespace

void install_interrupt_handler() {
  struct sigaction action = {};
  action.sa_handler = handle_interrupt;
  action.sa_flags = SA_RESTART;  // reads and writes under way are none of its business
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool interrupted() { return flag; }

void clear_interrupt() { flag = false; }

}  // namespace pdmp

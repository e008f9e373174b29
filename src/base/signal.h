// Ctrl-C and the signals that ask a program to stop, as a flag that long work looks at when it is safe to stop.
#pragma once

#include <string>

namespace pdmp {

// From here on SIGINT, SIGTERM, SIGHUP, SIGUSR1 and SIGUSR2 set the flag; the second of them ends the process at once,
// with the exit code of the signal: files are replaced as a whole, so that is safe at any moment. The same signal again
// within half a second is the first one (sent to the process and to its group). A signal that was ignored before stays
// ignored (nohup, background jobs of a shell).
void install_interrupt_handler();
bool interrupted();      // also where the session of this thread is cancelled
void clear_interrupt();  // for a process that goes on after it stopped one piece of work

// Error{interrupted} with this message once the flag is set.
void stop_if_interrupted(const std::string& message);

// As if this signal had come: a process that did part of the work was stopped by it.
void note_interrupt(int number);

// 130 after Ctrl-C, 75 (EX_TEMPFAIL of sysexits.h: try again later) after the others.
int interrupt_exit_code();

// Asks a child process to stop. Where it was asked already, by a Ctrl-C that went to both, this is no second signal.
void ask_to_stop(int process);

}  // namespace pdmp

// Ctrl-C and SIGTERM as a flag that long work looks at when it is safe to stop.
#pragma once

namespace pdmp {

// From here on SIGINT and SIGTERM set the flag; a second SIGINT ends the process at once with exit code 130.
void install_interrupt_handler();
bool interrupted();
void clear_interrupt();  // for a process that goes on after it stopped one piece of work

}  // namespace pdmp

// Takes away from a process what drawing does not need, for good.
#pragma once

namespace pdmp::data {

// From here on: no new descriptor (no file, no socket), no program, no process, no executable memory; memory and the
// time of the processor are limited. Signals that people or schedulers send are ignored: the process ends with its
// input. False where the kernel offers no system call filter; the limits hold all the same.
bool enter_sandbox();

}  // namespace pdmp::data

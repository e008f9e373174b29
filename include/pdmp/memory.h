// Memory allocation of the process.
#pragma once

namespace pdmp {

// Makes the C library keep freed memory instead of returning it to the system. Each training step frees and allocates
// the same gigabyte, and returning it costs up to a tenth of the step. The setting holds for the whole process and
// cannot be undone, so only the program pdmp makes it, not the library: call it once, before the first tensor.
// Returns whether the C library supports it: glibc does; others, and builds with sanitizers, use their own allocators.
bool keep_freed_memory();

}  // namespace pdmp

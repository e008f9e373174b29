// Memory of the process.
#pragma once

namespace pdmp {

// Tells the C library to keep the memory that is freed instead of giving it back: a training step frees and takes the
// same gigabyte every time, and the kernel needs a tenth of the step to hand it out again. Holds for the whole process
// and for good, so the `pdmp` program calls it and the library does not: call it once, before the first tensor. Whether
// this C library can be told so (glibc can; others and sanitizers keep their own ways).
bool keep_freed_memory();

}  // namespace pdmp

// How long OpenMP threads spin while they wait for each other. LibTorch's wheel brings libgomp, which lets them spin
// for 300,000 rounds (milliseconds) before they sleep; where other programs keep the cores busy, most of the time goes
// there.
#pragma once

namespace pdmp::cli {

// libgomp reads its environment before `main`, so that this starts the program again in its place, once, with
// GOMP_SPINCOUNT set, the same arguments and what else a process hands on (ignored signals, open files). Returns, and
// changes nothing, where OMP_WAIT_POLICY or GOMP_SPINCOUNT is set: by the user, by this, or by a parent that did it.
// Returns also where the program cannot be started again; it goes on as it is then. To be called before anything else.
void bound_openmp_wait(char** arguments);

}  // namespace pdmp::cli

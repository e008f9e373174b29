#include "cli/openmp_wait.h"

#include <cstdlib>
#include <sys/auxv.h>
#include <unistd.h>

namespace pdmp::cli {
namespace {

// A tenth of libgomp's own: longer than the waits of a quiet machine, shorter than a neighbor holds a core
// (docs/performance.md).
constexpr const char* kSpinCount = "30000";

// As the kernel was told, so that /proc is not needed and the process keeps its name; null where the dynamic linker was
// started by its name instead (no AT_BASE), with the program as an argument.
const char* path_of_program() {
  const bool by_kernel = getauxval(AT_BASE) != 0;
  return by_kernel ? reinterpret_cast<const char*>(getauxval(AT_EXECFN)) : nullptr;
}

}  // namespace

void bound_openmp_wait(char** arguments) {
  if (std::getenv("OMP_WAIT_POLICY") != nullptr || std::getenv("GOMP_SPINCOUNT") != nullptr) return;
  const char* path = path_of_program();
  if (path == nullptr || setenv("GOMP_SPINCOUNT", kSpinCount, 0) != 0) return;
  execv(path, arguments);  // comes back only where it fails
}

}  // namespace pdmp::cli

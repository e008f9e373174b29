// Test programs speak on stderr, as the program does: tests read there what a warning says.
#include "base/console.h"

namespace {

[[maybe_unused]] const bool installed = [] {
  pdmp::install_console();
  return true;
}();

}  // namespace

// The width of standard output.
#include "cli/terminal.h"

#include <algorithm>
#include <cstdlib>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text/value_text.h"

namespace pdmp::cli {
namespace {

// 0: not said.
int64_t wanted_columns() {
  const char* columns = std::getenv("COLUMNS");
  if (columns == nullptr) return 0;
  const auto value = parse_value(columns, static_cast<const int64_t*>(nullptr));
  return value && *value > 0 ? *value : 0;
}

// 0: no terminal.
int64_t terminal_columns() {
  winsize size{};
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

}  // namespace

int64_t output_width() {
  int64_t width = wanted_columns();
  if (width == 0) width = terminal_columns();
  if (width == 0) width = kPipedOutput;
  return std::max(width, kNarrowestOutput);
}

}  // namespace pdmp::cli

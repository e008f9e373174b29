#include "cli/print/failures.h"

#include <cstdio>
#include <fmt/format.h>

#include "base/text/printable.h"

namespace pdmp::cli {

int tell_failures(const comparing::Failures& failures) {
  constexpr int kSomeFailed = 3;
  if (failures.empty()) return 0;
  const auto& [first, reason] = *failures.begin();
  const std::string more = failures.size() == 1 ? "" : fmt::format("; and {} more", failures.size() - 1);
  const std::string text = fmt::format(
      "{} failed: {}{}; the table says which rows lack it, and the same command tries again", first, reason, more);
  std::fprintf(stderr, "pdmp: %s\n", message_line(text).c_str());  // as an error that ends the program
  return kSomeFailed;
}

}  // namespace pdmp::cli

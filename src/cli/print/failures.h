// What trainings of a comparison failed, on stderr.
#pragma once

#include "compare/failures.h"

namespace pdmp::cli {

// Exit status of the command: 0 where nothing failed.
int tell_failures(const comparing::Failures& failures);

}  // namespace pdmp::cli

#include "pdmp/error.h"

#include <sysexits.h>

namespace pdmp {

int exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::usage:
      return 2;
    case ErrorKind::interrupted:
      return 130;
    case ErrorKind::busy:
      return EX_TEMPFAIL;
    case ErrorKind::data:
    case ErrorKind::io:
      break;
  }
  return 1;
}

}  // namespace pdmp

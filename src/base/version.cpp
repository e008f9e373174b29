#include "pdmp/version.h"

namespace pdmp {

const char* version() { return PDMP_VERSION; }

}  // namespace pdmp

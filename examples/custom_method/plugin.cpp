// The method for the program: pdmp train --plugin libequal_norms.so --method equal_norms.
#include <pdmp/plugin.h>

#include "equal_norms.h"

PDMP_PLUGIN { register_equal_norms(); }

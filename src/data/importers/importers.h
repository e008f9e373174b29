// What the table of importers lists. One function per file of this folder.
#pragma once

#include <memory>

#include "data/importer.h"

namespace pdmp {

std::unique_ptr<Importer> make_tuxpaint_importer();

}  // namespace pdmp

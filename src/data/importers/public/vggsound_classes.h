// The names of VGGSound's classes.
#pragma once

#include <string>
#include <vector>

namespace pdmp::data {

// All 309 as published ("eletric blender running" too), in ascending order of their bytes. The numbering of releases
// depends on which videos somebody has; this one does not.
const std::vector<std::string>& vggsound_classes();

}  // namespace pdmp::data

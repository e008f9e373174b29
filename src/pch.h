// Precompiled header of the sources that use modules of LibTorch, which are then parsed once. Inline functions are
// compiled in each of them all the same (3 s), so it holds no more of LibTorch than pdmp/torch.h. Sources include what
// they use.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fmt/format.h>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pdmp/torch.h"

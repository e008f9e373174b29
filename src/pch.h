// Precompiled header of everything above src/base: LibTorch takes ten seconds to parse, so it is parsed once.
// Sources include what they use all the same; `pdmp/torch.h` is the only header of ours that names LibTorch's.
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

// Media files kept under tests/golden/media.
#pragma once

#include <filesystem>
#include <string>

namespace pdmp::testing {

inline std::filesystem::path golden(const std::string& name) {
  return std::filesystem::path(PDMP_GOLDEN_DIR) / "media" / name;
}

}  // namespace pdmp::testing

#include "data/files/damaged_files.h"

#include <algorithm>
#include <fmt/format.h>

namespace pdmp::data {

void DamagedFiles::add(const std::filesystem::path& path, const std::string& damage) {
  const std::lock_guard lock(mutex_);
  damage_.try_emplace(path, damage);
}

bool DamagedFiles::has(const std::filesystem::path& path) const {
  const std::lock_guard lock(mutex_);
  return damage_.contains(path);
}

int64_t DamagedFiles::count() const {
  const std::lock_guard lock(mutex_);
  return static_cast<int64_t>(damage_.size());
}

std::string DamagedFiles::text() const {
  constexpr size_t kNamed = 5;
  const std::lock_guard lock(mutex_);
  if (damage_.empty()) return "";
  std::string text = fmt::format("{} damaged file{} read as far as possible (`media` lenient): ", damage_.size(),
                                 damage_.size() == 1 ? " was" : "s were");
  size_t named = 0;
  for (const auto& [path, damage] : damage_) {
    if (named == kNamed) return text + fmt::format("; and {} more", damage_.size() - kNamed);
    text += fmt::format("{}'{}': {}", named++ == 0 ? "" : "; ", path.string(), damage);
  }
  return text;
}

DamagedFiles& damaged_files() {
  static DamagedFiles files;
  return files;
}

}  // namespace pdmp::data

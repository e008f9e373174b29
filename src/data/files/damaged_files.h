// Files that were decoded although they are damaged, as `--media lenient` allows.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>

namespace pdmp::data {

// Each file counts once, however often it is decoded. Thread-safe.
class DamagedFiles {
 public:
  void add(const std::filesystem::path& path, const std::string& damage);
  bool has(const std::filesystem::path& path) const;
  int64_t count() const;
  // "2 damaged files were read as far as they go (`media` lenient): 'a.jpg': ...; ..."; "" where there are none.
  std::string text() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::filesystem::path, std::string> damage_;
};

// Those of this process.
DamagedFiles& damaged_files();

}  // namespace pdmp::data

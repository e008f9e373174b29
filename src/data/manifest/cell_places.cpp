// Keeps what a data set names inside its folder and roots.
#include "data/manifest/cell_places.h"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <mutex>
#include <set>
#include <string>
#include <system_error>

#include "base/log.h"
#include "data/manifest/manifest.h"
#include "pdmp/error.h"

namespace pdmp::data {
namespace {

namespace fs = std::filesystem;

// Links followed as far as the path exists.
fs::path real_path(const fs::path& path) {
  std::error_code code;
  fs::path real = fs::weakly_canonical(fs::absolute(path), code);
  if (code) real = fs::absolute(path).lexically_normal();
  return real.has_filename() ? real : real.parent_path();
}

// Every command opens the set several times; it says this once.
bool is_new(const std::string& message) {
  static std::mutex mutex;
  static std::set<std::string> said;
  const std::lock_guard lock(mutex);
  return said.insert(message).second;
}

void report_roots(const fs::path& directory, const std::vector<std::string>& roots, bool untrusted) {
  if (roots.empty()) return;
  const std::string file = (directory / "dataset.json").string();
  if (untrusted) {
    throw Error(ErrorKind::data, fmt::format("{}: expected files inside the data set's folder alone (`untrusted`), "
                                             "found \"root\" {}; copy the files into the folder, or leave "
                                             "`untrusted` out",
                                             file, fmt::join(roots, ", ")));
  }
  const std::string message =
      fmt::format("{}: files are read outside the data set's folder: \"root\" {}", file, fmt::join(roots, ", "));
  if (is_new(message)) log_warning(message);
}

}  // namespace

FileLimits limits_of_folder(const fs::path& directory, const FileOptions& options) {
  FileLimits limits(options);
  limits.folders = {real_path(directory)};
  return limits;
}

std::vector<FileLimits> limits_of_cells(const fs::path& directory, const std::vector<ModalityEntry>& modalities,
                                        const FileOptions& options) {
  const FileLimits own = limits_of_folder(directory, options);
  std::vector<FileLimits> limits;
  std::vector<std::string> outside;
  for (const ModalityEntry& entry : modalities) {
    limits.push_back(own);
    if (entry.root.empty()) continue;
    const fs::path root = real_path(directory / entry.root);
    if (is_inside(root, own.folders.front())) continue;
    limits.back().folders.push_back(root);
    outside.push_back(fmt::format("'{}' of '{}'", root.string(), entry.name));
  }
  report_roots(directory, outside, options.untrusted);
  return limits;
}

void read_description(const fs::path& file, const FileLimits& limits, uint64_t most,
                      const std::function<void(std::string_view block)>& take) {
  const FileReading reading(file, limits);
  const InputFile opened(reading, "a description of the data set");
  uint64_t total = 0;
  const bool whole = opened.read_blocks([&](std::string_view block) {
    total += block.size();
    if (total > most) {
      throw Error(ErrorKind::data, fmt::format("'{}': expected at most {} MiB, found more; make the file smaller",
                                               file.string(), most >> 20));
    }
    take(block);
  });
  if (whole) return;
  throw Error(ErrorKind::io,
              fmt::format("cannot read '{}': {}", file.string(), std::generic_category().message(errno)));
}

}  // namespace pdmp::data

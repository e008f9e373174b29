#include "data/loader/media_files.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <memory>
#include <system_error>
#include <unordered_map>

#include "base/text/printable.h"
#include "pdmp/error.h"
#include "pdmp/tensor.h"

namespace pdmp::data {
namespace {

namespace fs = std::filesystem;

bool leads_out(const fs::path& path, const FileLimits& limits) {
  try {
    check_place(path, "a folder", limits);
  } catch (const Error&) {
    return true;
  }
  return false;
}

// Folders that lead out of where the cells may lie are not gone into: they stand for themselves, as files nobody reads.
std::vector<fs::path> files_below(const fs::path& folder, const FileLimits& limits) {
  std::vector<fs::path> files;
  std::error_code code;
  if (leads_out(folder, limits)) return {folder};
  fs::recursive_directory_iterator at(folder, fs::directory_options::follow_directory_symlink, code);
  for (; !code && at != fs::recursive_directory_iterator(); at.increment(code)) {
    const bool hidden = at->path().filename().string().starts_with('.');
    std::error_code ignored;
    const bool is_link = at->is_symlink(ignored);
    if (hidden || (is_link && at->is_directory(ignored) && leads_out(at->path(), limits))) {
      at.disable_recursion_pending();
      if (!hidden) files.push_back(at->path());
    } else if (at->is_regular_file(ignored)) {
      files.push_back(at->path());
    }
  }
  if (code) throw Error(ErrorKind::io, fmt::format("cannot read folder '{}': {}", folder.string(), code.message()));
  std::sort(files.begin(), files.end());
  return files;
}

// Collects the files of one modality.
class Collector {
 public:
  Collector(size_t modality, const FileLimits& limits, MediaFiles& result)
      : modality_(modality), limits_(limits), result_(result) {}

  void add_cell(const std::vector<fs::path>& paths, size_t row) {
    bool complete = true;
    for (const fs::path& path : paths) {
      std::error_code ignored;
      const fs::file_status status = fs::status(path, ignored);
      if (fs::is_directory(status)) {
        for (const fs::path& file : files_below(path, limits_)) add_file(file, row);
      } else if (fs::exists(status)) {
        add_file(path, row);
      } else if (complete) {
        complete = false;
        result_.missing.push_back({path, modality_, row});
      }
    }
  }

 private:
  void add_file(const fs::path& path, size_t row) {
    const auto [found, fresh] = positions_.try_emplace(path.string(), result_.files.size());
    if (fresh) {
      std::error_code code;
      const auto bytes = fs::file_size(path, code);
      result_.files.push_back({path, code ? 0 : static_cast<int64_t>(bytes), modality_, {}});
    }
    std::vector<size_t>& rows = result_.files[found->second].rows;
    if (rows.empty() || rows.back() != row) rows.push_back(row);
  }

  size_t modality_;
  const FileLimits& limits_;
  MediaFiles& result_;
  std::unordered_map<std::string, size_t> positions_;  // in result_.files
};

}  // namespace

Cell cell_of(const Manifest& manifest, const ManifestRow& row, size_t m) {
  return {row.cells[m], manifest.directory, row.start, row.end, nullptr, &manifest.limits(m)};
}

std::string sample_place(const ManifestRow& row) {
  constexpr size_t kLongestId = 100;
  return fmt::format("{}:{}, sample '{}'", row.file, row.line, shortened(row.id, kLongestId));
}

std::string load_problem(const ModalityType& type, const Cell& cell, const std::vector<int64_t>& shape,
                         RandomStream* augment) {
  try {
    const Tensor input = type.load(cell, augment);
    if (shape.empty() || input.sizes() == at::IntArrayRef(shape)) return "";
    return fmt::format("expected shape ({}), found ({})", fmt::join(shape, ", "), fmt::join(input.sizes(), ", "));
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
    return error.what();
  } catch (const c10::Error& error) {
    return std::string("LibTorch: ") + error.what_without_backtrace();
  } catch (const std::bad_alloc&) {
    return "expected a file that fits into memory, found one that does not";
  }
}

std::vector<int64_t> first_shape(const Manifest& manifest, size_t m, const ModalityType& type) {
  for (const ManifestRow& row : manifest.rows) {
    if (row.cells[m].empty()) continue;
    const Cell cell = cell_of(manifest, row, m);
    try {
      return type.shape(&cell);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted) throw;
      // Another sample may tell; a file that does not decode is the business of those who decode it.
    }
  }
  return {};
}

std::vector<std::string> splits_of(const Manifest& manifest) {
  std::vector<std::string> splits;
  for (const char* split : {"train", "val", "test"}) {
    if (manifest.rows.has_split(split)) splits.emplace_back(split);
  }
  return splits;
}

MediaFiles find_media_files(const Manifest& manifest) {
  MediaFiles result;
  for (size_t m = 0; m < manifest.modalities.size(); ++m) {
    const std::unique_ptr<ModalityType> type = make_modality_type(manifest.modalities[m]);
    Collector collector(m, manifest.limits(m), result);
    for (size_t r = 0; r < manifest.rows.size(); ++r) {
      const ManifestRow row = manifest.rows[r];
      if (!row.cells[m].empty()) collector.add_cell(type->files(cell_of(manifest, row, m)), r);
    }
  }
  return result;
}

}  // namespace pdmp::data

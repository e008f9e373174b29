#include "data/loader/fill_cache.h"

#include <fmt/format.h>
#include <memory>

#include "base/signal.h"
#include "data/loader/media_files.h"
#include "data/loader/parallel.h"
#include "pdmp/error.h"

namespace pdmp::data {
namespace {

constexpr size_t kNamed = 5;  // failures that keep their reason

struct Task {
  size_t row = 0, modality = 0;
  std::string reason;  // why it failed
};

}  // namespace

CacheFill fill_cache(const Manifest& manifest, SampleCache& cache, int64_t jobs) {
  std::vector<std::unique_ptr<ModalityType>> types;
  for (const ModalityEntry& entry : manifest.modalities) types.push_back(make_modality_type(entry));
  std::vector<Task> tasks;
  for (size_t r = 0; r < manifest.rows.size(); ++r) {
    const ManifestRow row = manifest.rows[r];
    for (size_t m = 0; m < types.size(); ++m) {
      if (types[m]->uses_cache() && !row.cells[m].empty()) tasks.push_back({r, m, ""});
    }
  }
  if (!tasks.empty()) {
    Progress progress("cache", static_cast<int64_t>(tasks.size()), "cell");
    for_each_parallel(static_cast<int64_t>(tasks.size()), jobs, progress, [&](int64_t i) {
      Task& task = tasks[static_cast<size_t>(i)];
      const ManifestRow row = manifest.rows[task.row];
      Cell cell = cell_of(manifest, row, task.modality);
      cell.cache = &cache;
      if (interrupted()) throw Error(ErrorKind::interrupted, "stopped; what was decoded is in the cache");
      RandomStream random(0);
      task.reason = load_problem(*types[task.modality], cell, {}, row.split == "train" ? &random : nullptr);
    });
  }
  cache.commit();
  CacheFill fill{static_cast<int64_t>(tasks.size()), 0, {}};
  for (const Task& task : tasks) {
    if (task.reason.empty()) continue;
    ++fill.failed;
    if (fill.reasons.size() == kNamed) continue;
    fill.reasons.push_back(fmt::format("{}: {}", sample_place(manifest.rows[task.row]), task.reason));
  }
  return fill;
}

}  // namespace pdmp::data

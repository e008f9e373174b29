#include "data/inspect/decode_check.h"

#include <memory>

#include "base/signal.h"
#include "data/loader/media_files.h"
#include "data/loader/parallel.h"

namespace pdmp::data {
namespace {

struct Stream {
  std::unique_ptr<ModalityType> type;
  std::vector<int64_t> shape;  // empty: no sample tells
};

struct Task {
  size_t count = 0;  // position in DecodeCheck::counts
  size_t row = 0, modality = 0;
  std::string reason;  // why it failed
};

std::vector<Stream> make_streams(const Manifest& manifest) {
  std::vector<Stream> streams;
  for (size_t m = 0; m < manifest.modalities.size(); ++m) {
    Stream stream{make_modality_type(manifest.modalities[m]), {}};
    stream.shape = first_shape(manifest, m, *stream.type);
    streams.push_back(std::move(stream));
  }
  return streams;
}

// The counts of cells come with it.
std::vector<Task> make_tasks(const Manifest& manifest, const std::vector<std::string>& splits, DecodeCheck& check) {
  std::vector<Task> tasks;
  for (const std::string& split : splits) {
    for (size_t m = 0; m < manifest.modalities.size(); ++m) {
      const size_t first = tasks.size();
      for (size_t r = 0; r < manifest.rows.size(); ++r) {
        const ManifestRow row = manifest.rows[r];
        if (row.split == split && !row.cells[m].empty()) tasks.push_back({check.counts.size(), r, m, ""});
      }
      check.counts.push_back({split, manifest.modalities[m].name, static_cast<int64_t>(tasks.size() - first), 0});
    }
  }
  return tasks;
}

}  // namespace

DecodeCheck check_decoding(const Manifest& manifest, const std::vector<std::string>& splits, int64_t workers) {
  DecodeCheck result;
  const std::vector<Stream> streams = make_streams(manifest);
  std::vector<Task> tasks = make_tasks(manifest, splits, result);
  if (tasks.empty()) return result;
  {
    Progress progress("check", static_cast<int64_t>(tasks.size()), "cell");
    for_each_parallel(static_cast<int64_t>(tasks.size()), workers, progress, [&](int64_t i) {
      stop_if_interrupted("stopped; nothing was changed");
      Task& task = tasks[static_cast<size_t>(i)];
      const Stream& stream = streams[task.modality];
      const Cell cell = cell_of(manifest, manifest.rows[task.row], task.modality);
      task.reason = load_problem(*stream.type, cell, stream.shape, nullptr);
    });
  }
  for (Task& task : tasks) {
    if (task.reason.empty()) continue;
    ++result.counts[task.count].failed;
    const ManifestRow row = manifest.rows[task.row];
    result.failures.push_back({row.split, manifest.modalities[task.modality].name, row.id, row.file, row.line,
                               row.cells[task.modality], std::move(task.reason)});
  }
  return result;
}

}  // namespace pdmp::data

#include "data/importers/shared/output.h"

#include <fmt/format.h>
#include <utility>
#include <vector>

#include "base/files/file.h"
#include "base/log.h"
#include "base/signal.h"
#include "pdmp/error.h"

namespace pdmp::data {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSettings = "prepared.json";
const std::string kTemporary = ".tmp";

// Of `prepare`, and of write_file_atomically: what killed processes did not rename.
void remove_leftovers(const fs::path& directory) {
  std::vector<fs::path> left;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(directory)) {
    const std::string name = entry.path().filename().string();
    const std::string extension = entry.path().extension().string();
    const bool ours = name.starts_with(".") && (name.ends_with(kTemporary) || name.ends_with(kTemporary + extension));
    if (ours && entry.is_regular_file()) left.push_back(entry.path());
  }
  for (const fs::path& path : left) fs::remove(path);
}

bool holds_anything(const fs::path& directory) { return fs::exists(directory) && !fs::is_empty(directory); }

}  // namespace

ImporterOutput::ImporterOutput(fs::path directory, const nlohmann::json& settings, bool overwrite)
    : directory_(std::move(directory)) {
  const bool ours = fs::exists(directory_ / kSettings);
  const bool finished = fs::exists(directory_ / "dataset.json");
  same_settings_ = ours && read_json(directory_ / kSettings) == settings && !overwrite;
  complete_ = same_settings_ && finished;
  if (complete_) return;
  if (!ours && holds_anything(directory_)) {
    throw Error(ErrorKind::io, fmt::format("{}: expected an empty or new folder for the data set, found other files in "
                                           "it; name another with `out`",
                                           directory_.string()));
  }
  if (finished && !overwrite) {
    throw Error(ErrorKind::io, fmt::format("{}: there is a data set made with other settings ({}); pass `overwrite` to "
                                           "replace it or name another folder with `out`",
                                           directory_.string(), kSettings));
  }
  make_directories(directory_);
  fs::remove(directory_ / "dataset.json");
  write_json(directory_ / kSettings, settings);
}

bool ImporterOutput::is_done_already() const {
  if (complete_) log_info(directory_.string() + " is already prepared with these settings");
  return complete_;
}

// One call for all files, each of which was written and renamed without: ten thousand syncs would take minutes.
void ImporterOutput::finish(const nlohmann::json& dataset) const {
  remove_leftovers(directory_);
  sync_file_system(directory_);
  write_json(directory_ / "dataset.json", dataset);
  log_info("data set written to " + directory_.string());
}

// An empty file is one whose content a machine that stopped had not written yet.
bool ImporterOutput::reusable(const fs::path& file) const {
  std::error_code missing;
  return same_settings_ && fs::file_size(file, missing) > 0 && !missing;
}

// The temporary name keeps the extension: some writers choose their format by it.
fs::path ImporterOutput::prepare(const fs::path& file) {
  stop_if_interrupted("stopped; the same command goes on where it stopped");
  make_directories(file.parent_path());
  return file.parent_path() / fmt::format(".{}{}{}", file.stem().string(), kTemporary, file.extension().string());
}

void ImporterOutput::commit(const fs::path& temporary, const fs::path& file) {
  std::error_code code;
  fs::rename(temporary, file, code);
  if (code) throw Error(ErrorKind::io, fmt::format("cannot write '{}': {}", file.string(), code.message()));
}

}  // namespace pdmp::data

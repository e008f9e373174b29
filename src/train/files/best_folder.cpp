// The weights of the best epoch.
#include "train/files/best_folder.h"

#include <fmt/format.h>
#include <optional>

#include "base/files/checked_file.h"
#include "base/files/file.h"
#include "pdmp/error.h"
#include "train/files/layout.h"
#include "train/files/weights_folder.h"

namespace pdmp::training {
namespace {

namespace fs = std::filesystem;

constexpr int kFormatVersion = 2;
constexpr const char* kIndex = run_layout::kBestIndex;
constexpr const char* kAdvice = "restore the folder, or train again with `overwrite`";

nlohmann::json read_index(const fs::path& folder) {
  nlohmann::json index = read_checked_json(folder / kIndex, kAdvice, /*must_have_digest=*/true);
  const JsonFields fields(index, folder / kIndex, kAdvice);
  if (fields.get<int>("format_version") != kFormatVersion) {
    fields.fail("format_version", std::to_string(kFormatVersion), index["format_version"].dump());
  }
  return index;
}

// Epoch of whole weights; nothing where the folder is missing or damaged.
std::optional<int64_t> epoch_of(const fs::path& folder) {
  if (!fs::exists(folder / kIndex)) return std::nullopt;
  try {
    const nlohmann::json index = read_index(folder);
    const JsonFields fields(index, folder / kIndex, kAdvice);
    for (const auto& [name, file] : fields.get<std::map<std::string, nlohmann::json>>("files")) {
      read_listed_file(folder, fields, name);
    }
    return fields.get<int64_t>("epoch");
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace

void write_best(const fs::path& checkpoints, const Weights& weights, int64_t epoch) {
  const fs::path fresh = checkpoints / "best.new", old = checkpoints / "best.old";
  fs::remove_all(fresh);
  make_directories(fresh);
  const nlohmann::json files = write_weights_files(fresh, weights);
  write_checked_json(fresh / kIndex, {{"format_version", kFormatVersion}, {"epoch", epoch}, {"files", files}});
  replace_directory(fresh, checkpoints / run_layout::kBest, old);
  fs::remove_all(old);
}

void load_best_weights(const fs::path& checkpoints, const Weights& weights, int64_t epoch) {
  const fs::path best = checkpoints / run_layout::kBest;
  if (!fs::exists(best / kIndex)) {
    throw Error(ErrorKind::data,
                fmt::format("{}: expected the weights of epoch {}, which the run selected, found none; "
                            "{}",
                            best.string(), epoch + 1, kAdvice));
  }
  const nlohmann::json index = read_index(best);
  const JsonFields fields(index, best / kIndex, kAdvice);
  if (const auto found = fields.get<int64_t>("epoch"); found != epoch) {
    throw Error(ErrorKind::data,
                fmt::format("{}: expected the weights of epoch {}, which the run selected, found those "
                            "of epoch {}; {}",
                            best.string(), epoch + 1, found + 1, kAdvice));
  }
  load_weights_files(best, fields, weights);
}

bool recover_best(const fs::path& checkpoints, int64_t epoch, int64_t next_epoch) {
  const fs::path best = checkpoints / run_layout::kBest, old = checkpoints / "best.old",
                 fresh = checkpoints / "best.new";
  bool later = false;
  for (const fs::path& folder : {best, old, fresh}) {
    const std::optional<int64_t> found = epoch_of(folder);
    later = later || (found && *found >= next_epoch);
    if (!found || *found != epoch) continue;
    if (folder != best) {
      fs::remove_all(best);
      fs::rename(folder, best);
      sync_folder(checkpoints);
    }
    fs::remove_all(old);
    fs::remove_all(fresh);
    return true;
  }
  return later;
}

}  // namespace pdmp::training

// What a data set holds, as hashes of its parts: enough to say whether two states of it are the same, and what changed.
//
// Hashed is what training reads: ids, labels, groups, splits and cells as the manifest has them, in their order, the
// settings of the modalities, and the sizes of up to 1,000 media files. No time, no absolute folder and no `root`: a
// data set that moved is the same. XXH3-128 against accidents (base/files/digest.h).
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "data/manifest/manifest.h"
#include "pdmp/dataset.h"

namespace pdmp::data {

struct ContentHash {
  struct Split {
    int64_t samples = 0;
    std::string ids, labels, groups;  // in order
    std::string members;              // ids in any order
    bool operator==(const Split&) const = default;
  };
  struct Modality {
    std::string settings, cells;  // settings of dataset.json without the columns and folders that the cells come from
    bool operator==(const Modality&) const = default;
  };
  struct FileSize {
    std::string modality, cell;
    int64_t bytes = 0;  // entries of a folder; -1 where it is not there
  };

  std::string classes, times;  // start and end of the clips
  std::map<std::string, Split> splits;
  std::map<std::string, Modality> modalities;
  // Rows in blocks of a power of two, at most 1,024: where the first difference lies.
  int64_t rows = 0;
  std::vector<std::string> blocks;
  std::vector<FileSize> files;
  // Of the samples whichever of train and val they are in, which may depend on a seed: what an analysis was made of.
  std::string samples;
};

ContentHash content_hash(const Manifest& manifest);
// Of samples that no file describes: ids, labels, and the inputs of up to 1,000 of them.
ContentHash content_hash(const TrainingData& data);

// With a hash of itself, so that damage is told from another data set.
nlohmann::json to_json(const ContentHash& hash);
// Error{data} naming `where` for anything that to_json did not write.
ContentHash content_hash_from(const nlohmann::json& value, const std::string& where);

// What of these modalities changed from `before` to `now`, in words; empty where nothing did. `manifest` is that of
// `now` and names the first sample that differs; null: it is not named.
std::vector<std::string> content_changes(const ContentHash& before, const ContentHash& now, const Manifest* manifest,
                                         const std::vector<std::string>& modalities);

}  // namespace pdmp::data

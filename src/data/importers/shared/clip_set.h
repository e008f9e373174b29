// What importers of clips with sound and pictures share: their flags, the validation split, stills of videos, the
// report of what is there next to what should be, and the files of the data set.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "data/importers/shared/clip_media.h"
#include "data/importers/shared/output.h"
#include "pdmp/options.h"

namespace pdmp::data {

// How the sample is made.
struct ClipSample {
  std::string audio_profile;
  int64_t frames = 1;
  std::string policy = "segment";
};

struct ClipOptions {
  std::string lists;  // folder; "" = below the download
  std::string profile = "paper", frames = "folders", missing = "skip";
  std::optional<double> val = 0.1;
  int64_t seed = 0;
  bool extract = false, overwrite = false;

  void describe(OptionList& list, bool has_val);  // has_val: the data set brings a validation split
  nlohmann::json settings(const std::string& importer, const std::filesystem::path& raw) const;
  // Where lists are looked for: `lists`, else the download and `below` it.
  std::vector<std::filesystem::path> list_folders(const std::filesystem::path& raw,
                                                  const std::vector<std::string>& below) const;
  bool videos_only() const { return frames == "video"; }
  // Of `--profile`: (audio profile, frames) of the paper, or of released code, which takes the first frames.
  ClipSample sample(const std::pair<const char*, int64_t>& paper,
                    const std::pair<const char*, int64_t>& released) const;
};

struct ClipSet {
  std::string name;
  std::vector<std::string> classes;
  ClipSample sample;
  // What the publication counts, by split: per class as `classes`, or in one number where classes are not known.
  std::map<std::string, std::vector<int64_t>> expected;
  int64_t min_pictures = 1;
  bool segments = false;  // stills only of the seconds between start and end
  std::vector<Clip> clips;
  std::vector<std::string> filtered;  // rows of lists that are no clips of the set: how many, and why
};

// An absolute, plain path: what the tables of the data set will name. Error{io} where it is no folder.
std::filesystem::path open_download(const std::filesystem::path& raw);

// Leaves out clips without media, takes the validation split where the set has none, extracts stills where asked, and
// writes metadata.csv, counts.json (clips found, listed and expected per split and class, and all that is missing) and
// dataset.json, in which `raw` is the "root" of media that stay there. Error{data} where no clip of train is left, or
// where one id has two splits or labels.
void write_clips(ClipSet set, const ClipOptions& options, const ImporterOutput& output,
                 const std::filesystem::path& raw);

}  // namespace pdmp::data

#include "data/importers/shared/clip_set.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <numeric>
#include <set>
#include <system_error>
#include <utility>

#include "base/files/file.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/signal.h"
#include "base/text/option_names.h"
#include "base/text/text_table.h"
#include "data/decode/video/video.h"
#include "data/importers/shared/extract_frames.h"
#include "data/importers/shared/imported_set.h"
#include "data/loader/parallel.h"
#include "data/manifest/stratified.h"
#include "data/tables/csv.h"
#include "data/tables/file_list.h"
#include "pdmp/error.h"
#include "pdmp/random.h"

namespace pdmp::data {
namespace {

namespace fs = std::filesystem;

constexpr size_t kNamed = 5;          // missing files a message names
constexpr size_t kShownClasses = 40;  // more of them are in counts.json alone
const std::vector<std::string> kSplits = {"train", "val", "test"};

struct Count {
  int64_t listed = 0, written = 0, for_val = 0;
};
using Counts = std::map<std::pair<std::string, size_t>, Count>;  // of a split as listed and a class

bool lacks_both(const Clip& clip) { return !clip.audio.problem.empty() && !clip.visual.problem.empty(); }

bool is_kept(const Clip& clip, const ClipOptions& options) {
  if (!clip.left_out.empty() || lacks_both(clip)) return false;
  return options.missing == "mask" || (clip.audio.problem.empty() && clip.visual.problem.empty());
}

// A clip that a list repeats counts once; one that is said to be two things is a mistake.
void check_ids(std::vector<Clip>& clips) {
  std::map<std::string, const Clip*> seen;
  for (Clip& clip : clips) {
    if (!clip.left_out.empty()) continue;
    const auto [first, fresh] = seen.try_emplace(clip.id, &clip);
    if (fresh) continue;
    if (first->second->split != clip.split || first->second->label != clip.label) {
      throw Error(ErrorKind::data,
                  fmt::format("expected each clip in one split with one label, found '{}' in the lists twice ({} and "
                              "{}); use the published lists",
                              clip.id, first->second->split, clip.split));
    }
    clip.left_out = "is listed twice";
  }
}

// Stills of one clip's video, below the output.
void extract_stills(Clip& clip, const ClipSet& set, const fs::path& out) {
  const fs::path folder = fs::path("frames") / clip.id;
  try {
    const int64_t count = set.segments && clip.start && clip.end
                              ? extract_segment(clip.visual.file, out / folder, *clip.start, *clip.end)
                              : extract_each_second(clip.visual.file, out / folder);
    clip.visual.file = folder;
    if (count < set.min_pictures) {
      clip.visual.problem = fmt::format("has {} of the at least {} pictures", count, set.min_pictures);
    }
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::data) throw;
    clip.visual.problem = error.what();
  }
}

void extract_all(ClipSet& set, const ClipOptions& options, const fs::path& out) {
  std::vector<Clip*> open;
  for (Clip& clip : set.clips) {
    if (is_kept(clip, options) && clip.visual.problem.empty() && is_video_name(clip.visual.file)) open.push_back(&clip);
  }
  if (open.empty()) return;
  Progress progress("stills", static_cast<int64_t>(open.size()), "video");
  for_each_parallel(static_cast<int64_t>(open.size()), default_workers(), progress, [&](int64_t i) {
    if (interrupted()) {
      throw Error(ErrorKind::interrupted, "stopped while extracting stills; the same command goes on where it stopped");
    }
    extract_stills(*open[static_cast<size_t>(i)], set, out);
  });
}

// Of clips of train that are kept; whole groups.
std::set<const Clip*> choose_validation(const ClipSet& set, const ClipOptions& options) {
  std::vector<const Clip*> train;
  std::vector<int64_t> labels;
  std::vector<std::string> groups;
  for (const Clip& clip : set.clips) {
    if (clip.split == "val" && is_kept(clip, options)) return {};  // the set brings its own
    if (clip.split != "train" || !is_kept(clip, options)) continue;
    train.push_back(&clip);
    labels.push_back(clip.label);
    groups.push_back(clip.group);
  }
  std::set<const Clip*> chosen;
  if (!options.val) return chosen;
  RandomStream random = random_stream(static_cast<uint64_t>(options.seed), set.name + "/val");
  const std::vector<bool> taken = stratified_subset(labels, groups, *options.val, random);
  for (size_t i = 0; i < train.size(); ++i) {
    if (taken[i]) chosen.insert(train[i]);
  }
  return chosen;
}

std::string cell(const Medium& medium) {
  return medium.problem.empty() ? escaped_file(medium.file.generic_string()) : "";
}

std::string seconds(const std::optional<int64_t>& value) { return value ? std::to_string(*value) : ""; }

std::string metadata_csv(const ClipSet& set, const ClipOptions& options, const std::set<const Clip*>& validation,
                         Counts& counts) {
  std::string csv =
      csv_record({"id", "split", "label", "group", "start", "end", "audio_file_name", "visual_file_name"});
  for (const Clip& clip : set.clips) {
    Count& count = counts[{clip.split, static_cast<size_t>(clip.label)}];
    ++count.listed;
    if (!is_kept(clip, options)) continue;
    ++count.written;
    const bool for_val = validation.contains(&clip);
    if (for_val) ++count.for_val;
    csv += csv_record({clip.id, for_val ? "val" : clip.split, set.classes.at(static_cast<size_t>(clip.label)),
                       clip.group, seconds(clip.start), seconds(clip.end), cell(clip.audio), cell(clip.visual)});
  }
  return csv;
}

// "path: reason" of all that is missing, by kind of problem. counts.json has options as flags.
struct Missing {
  std::map<std::string, std::vector<std::string>> by_kind;
  std::vector<std::string> all;

  void add(const std::string& what, const std::string& path, const std::string& problem) {
    by_kind[problem.starts_with("is ") || problem.starts_with("has no") ? what + " " + problem
                                                                        : what + " cannot be used"]
        .push_back(path);
    all.push_back(fmt::format("{}: {} {}", path, what, with_flags(problem)));
  }
};

Missing find_missing(const ClipSet& set) {
  Missing missing;
  for (const Clip& clip : set.clips) {
    if (!clip.left_out.empty()) {
      missing.add("clip", clip.id, clip.left_out);
      continue;
    }
    for (const auto& [what, medium] : {std::pair("audio", &clip.audio), std::pair("visual", &clip.visual)}) {
      if (!medium->problem.empty()) missing.add(what, medium->file.string(), medium->problem);
    }
  }
  return missing;
}

void report_missing(const Missing& missing) {
  for (const auto& [kind, paths] : missing.by_kind) {
    const auto last = paths.begin() + static_cast<std::ptrdiff_t>(std::min(kNamed, paths.size()));
    log_warning(fmt::format("{}: {} of the listed clips (all are named in counts.json): {}", kind, paths.size(),
                            fmt::join(paths.begin(), last, ", ")));
  }
}

// What the publication counts in a class of a split; nothing where it does not say.
std::optional<int64_t> expected_in(const ClipSet& set, const std::string& split, size_t label) {
  const auto found = set.expected.find(split);
  const bool known = found != set.expected.end() && found->second.size() == set.classes.size();
  return known ? std::optional(found->second[label]) : std::nullopt;
}

std::optional<int64_t> expected_in(const ClipSet& set, const std::string& split) {
  const auto found = set.expected.find(split);
  if (found == set.expected.end()) return std::nullopt;
  return std::accumulate(found->second.begin(), found->second.end(), int64_t{0});
}

Count sum_of(const ClipSet& set, const Counts& counts, const std::string& split) {
  Count sum;
  for (size_t c = 0; c < set.classes.size(); ++c) {
    const auto found = counts.find({split, c});
    if (found == counts.end()) continue;
    sum.listed += found->second.listed;
    sum.written += found->second.written;
    sum.for_val += found->second.for_val;
  }
  return sum;
}

// Splits as the lists have them: before the validation split is taken.
nlohmann::json counts_json(const ClipSet& set, const Counts& counts, const Missing& missing) {
  nlohmann::json splits = nlohmann::json::object();
  for (const std::string& split : kSplits) {
    const Count sum = sum_of(set, counts, split);
    const auto expected = expected_in(set, split);
    if (sum.listed == 0 && !expected) continue;
    nlohmann::json entry = {{"found", sum.written}, {"listed", sum.listed}, {"taken_for_val", sum.for_val}};
    if (expected) entry["expected"] = *expected;
    entry["classes"] = nlohmann::json::object();
    for (size_t c = 0; c < set.classes.size(); ++c) {
      const auto found = counts.find({split, c});
      if (found != counts.end()) entry["classes"][set.classes[c]] = found->second.written;
      if (const auto in_class = expected_in(set, split, c)) entry["expected_classes"][set.classes[c]] = *in_class;
    }
    splits[split] = entry;
  }
  return {{"splits", splits}, {"missing", missing.all}, {"filtered", set.filtered}};
}

// "6,698 of 6,698".
std::string of_expected(int64_t written, const std::optional<int64_t>& expected) {
  return grouped(written) + (expected ? " of " + grouped(*expected) : "");
}

void report_counts(const ClipSet& set, const Counts& counts) {
  std::vector<std::vector<std::string>> rows = {{"class", "train", "val", "test"}};
  for (size_t c = 0; c < set.classes.size() && set.classes.size() <= kShownClasses; ++c) {
    rows.push_back({set.classes[c]});
    for (const std::string& split : kSplits) {
      const auto found = counts.find({split, c});
      rows.back().push_back(of_expected(found == counts.end() ? 0 : found->second.written, expected_in(set, split, c)));
    }
  }
  rows.push_back({"all"});
  int64_t for_val = 0;
  for (const std::string& split : kSplits) {
    const Count sum = sum_of(set, counts, split);
    rows.back().push_back(of_expected(sum.written, expected_in(set, split)));
    for_val += sum.for_val;
  }
  for (const std::string& rule : set.filtered) log_info(rule);
  log_info("clips found, of those that were published; per class also in counts.json");
  log_lines(text_table(rows, true));
  if (for_val > 0) log_info(fmt::format("{} clips of train are the validation split (`val`)", grouped(for_val)));
}

// The stills of released code are a second apart, the first frames of a video are not.
void warn_of_close_frames(const ClipSet& set, const ClipOptions& options) {
  const auto is_video = [&](const Clip& clip) { return is_kept(clip, options) && is_video_name(clip.visual.file); };
  if (set.sample.policy != "first" || set.sample.frames == 1) return;
  if (std::none_of(set.clips.begin(), set.clips.end(), is_video)) return;
  log_warning(
      fmt::format("`profile` released takes the first {} pictures: of stills those of as many seconds, of a "
                  "video neighbours that look the same; pass `extract` for the former",
                  set.sample.frames));
}

// "; of 24 listed clips: 24 audio is not there, 12 visual is a Git LFS pointer": which rule took how many.
std::string losses(const ClipSet& set) {
  std::vector<std::string> rules = set.filtered;
  const Missing missing = find_missing(set);
  for (const auto& [kind, paths] : missing.by_kind)
    rules.push_back(fmt::format("{}: {}", kind, grouped(static_cast<int64_t>(paths.size()))));
  return fmt::format("; of {} listed clips: {}", grouped(static_cast<int64_t>(set.clips.size())),
                     fmt::join(rules, "; "));
}

void check_anything_left(const ClipSet& set, const ClipOptions& options) {
  const auto is_left = [&](const Clip& clip) { return clip.split == "train" && is_kept(clip, options); };
  if (std::any_of(set.clips.begin(), set.clips.end(), is_left)) return;
  for (const Clip& clip : set.clips) {
    if (clip.split != "train" || !clip.left_out.empty()) continue;
    const Medium& medium = clip.audio.problem.empty() ? clip.visual : clip.audio;
    throw Error(ErrorKind::data,
                fmt::format("expected sound and pictures of the listed clips, found none of train: '{}' {}; name the "
                            "folder of the download with `raw`, and see `pdmp prepare {} --help`{}",
                            medium.file.string(), medium.problem, set.name, losses(set)));
  }
  throw Error(ErrorKind::data,
              fmt::format("{}: the lists name no clip for training that can be used; use the published lists{}",
                          set.name, losses(set)));
}

// Whether some medium that is used lies outside the output.
bool stays_in_download(const ClipSet& set, const ClipOptions& options, const Medium Clip::*medium) {
  return std::any_of(set.clips.begin(), set.clips.end(), [&](const Clip& clip) {
    return is_kept(clip, options) && (clip.*medium).problem.empty() && (clip.*medium).file.is_absolute();
  });
}

// Stills beside media of the download, whose "root" goes before relative paths.
void make_absolute(ClipSet& set, const fs::path& out) {
  for (Clip& clip : set.clips) {
    if (clip.visual.problem.empty() && clip.visual.file.is_relative())
      clip.visual.file = media_root(out / clip.visual.file);
  }
}

nlohmann::json dataset_json(const ClipSet& set) {
  return {
      {"name", set.name},
      {"classes", set.classes},
      {"modalities",
       {{{"name", "audio"}, {"type", "audio"}, {"column", "audio_file_name"}, {"profile", set.sample.audio_profile}},
        {{"name", "visual"},
         {"type", "frames"},
         {"column", "visual_file_name"},
         {"frames", set.sample.frames},
         {"policy", set.sample.policy},
         {"size", 224}}}}};
}

}  // namespace

void ClipOptions::describe(OptionList& list, bool has_val) {
  list.add("lists", &lists, "Folder of the list files; where it is not given, they are looked for below --raw.");
  list.add("profile", &profile, "Sizes as the papers give them, or as released code computes them.")
      .one_of({"paper", "released"});
  if (!has_val) {
    list.add("val", &val, "Share of train for validation, stratified; none: all of train, as papers train.")
        .above(0)
        .at_most(0.5);
    list.add("seed", &seed, "Seed of the validation split.").at_least(0);
  }
  list.add("frames", &frames, "Folders of stills where there are some, else the videos; or the videos alone.")
      .one_of({"folders", "video"});
  list.add("extract", &extract, "Write one still a second of each video into --out; else nothing is copied.");
  list.add("missing", &missing, "Clips without sound or without pictures: left out, or one modality is masked.")
      .one_of({"skip", "mask"});
  list.add("overwrite", &overwrite, "Replace a data set made with other settings.");
}

ClipSample ClipOptions::sample(const std::pair<const char*, int64_t>& paper,
                               const std::pair<const char*, int64_t>& released) const {
  ClipSample result;
  const bool as_paper = profile == "paper";
  result.audio_profile = as_paper ? paper.first : released.first;
  result.frames = as_paper ? paper.second : released.second;
  result.policy = as_paper ? "segment" : "first";
  return result;
}

nlohmann::json ClipOptions::settings(const std::string& importer, const fs::path& raw) const {
  return {{"importer", importer}, {"raw", raw.string()}, {"lists", lists}, {"profile", profile},
          {"frames", frames},     {"missing", missing},  {"seed", seed},   {"val", val ? nlohmann::json(*val) : "none"},
          {"extract", extract}};
}

std::vector<fs::path> ClipOptions::list_folders(const fs::path& raw, const std::vector<std::string>& below) const {
  if (!lists.empty()) return {lists};
  std::vector<fs::path> folders = folders_below(raw, below);
  folders.insert(folders.begin(), raw);
  return folders;
}

fs::path open_download(const fs::path& raw) {
  std::error_code ignored;
  if (!fs::is_directory(raw, ignored)) {
    throw Error(ErrorKind::io, fmt::format("{}: expected the folder of the download, found none", raw.string()));
  }
  const fs::path path = fs::absolute(raw).lexically_normal();
  return path.has_filename() ? path : path.parent_path();
}

void write_clips(ClipSet set, const ClipOptions& options, const ImporterOutput& output, const fs::path& raw) {
  check_ids(set.clips);
  check_sound(set.clips);
  check_anything_left(set, options);
  if (options.extract) extract_all(set, options, output.directory());
  const Missing missing = find_missing(set);
  report_missing(missing);
  check_anything_left(set, options);
  nlohmann::json json = dataset_json(set);
  if (stays_in_download(set, options, &Clip::audio)) json["modalities"][0]["root"] = raw.string();
  if (stays_in_download(set, options, &Clip::visual)) {
    json["modalities"][1]["root"] = raw.string();
    make_absolute(set, output.directory());
  }
  Counts counts;
  const std::string csv = metadata_csv(set, options, choose_validation(set, options), counts);
  write_json(output.directory() / "counts.json", counts_json(set, counts, missing));
  write_file_atomically(output.directory() / "metadata.csv", csv);
  output.finish(json);
  report_counts(set, counts);
  warn_of_close_frames(set, options);
}

}  // namespace pdmp::data

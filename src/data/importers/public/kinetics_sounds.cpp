// Kinetics-Sounds: the classes of Kinetics-400 (Kay et al. 2017) that can be heard (Arandjelovic and Zisserman 2017).
#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fstream>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

#include "base/log.h"
#include "base/text/text_table.h"
#include "data/importers/public/kinetics_classes.h"
#include "data/importers/public/kinetics_folders.h"
#include "data/importers/shared/clip_set.h"
#include "data/importers/shared/importers.h"
#include "data/importers/shared/list_file.h"
#include "data/tables/csv.h"
#include "pdmp/error.h"

namespace pdmp::data {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kClipSeconds = 10;
const std::vector<std::string> kRoots = {"", "k400/", "kinetics400/", "kinect_sound/"};

std::string stem_of(const std::string& video, int64_t start, int64_t end) {
  return fmt::format("{}_{:06d}_{:06d}", video, start, end);
}

// "<video>_000058_000068", or "<video>_58", which is the same with ten seconds; the video's id may hold '_' itself.
std::optional<std::pair<std::string, std::string>> parse_name(std::string name) {  // -> stem, video
  constexpr size_t kDigits = 6;
  if (name.ends_with(".mp4")) name.resize(name.size() - 4);
  const size_t bar = name.rfind('_');
  if (bar == std::string::npos || bar == 0 || !is_plain_name(name)) return std::nullopt;
  const auto last = whole_number(std::string_view(name).substr(bar + 1));
  if (!last) return std::nullopt;
  const size_t before = name.rfind('_', bar - 1);
  const bool padded = name.size() - bar - 1 == kDigits && before != std::string::npos && before > 0;
  if (padded && bar - before - 1 == kDigits) {
    if (const auto start = whole_number(std::string_view(name).substr(before + 1, kDigits))) {
      return std::pair(stem_of(name.substr(0, before), *start, *last), name.substr(0, before));
    }
  }
  return std::pair(stem_of(name.substr(0, bar), *last, *last + kClipSeconds), name.substr(0, bar));
}

std::vector<fs::path> below_roots(const fs::path& raw, const std::vector<std::string>& folders) {
  std::vector<std::string> all;
  for (const std::string& root : kRoots) {
    for (const std::string& folder : folders) all.push_back(root + folder);
  }
  return folders_below(raw, all);
}

// Where media of any split are: a stem says which clip it is, wherever it lies.
struct Places {
  explicit Places(const fs::path& raw)
      : folders(find_split_folders(raw)),
        // Replacements of clips that were damaged in the first distribution.
        replacements(below_roots(raw, {"replacement/replacement_for_corrupted_k400", "replacement"})) {}

  // The folders of a class, which archives call as Kinetics-400 does or as the first publication did.
  static std::vector<fs::path> of_class(const SplitFolder& folder, const std::vector<std::string>& labels) {
    std::vector<fs::path> found;
    for (const std::string& label : labels) {
      const auto place = folder.classes.find(class_key(label));
      if (place != folder.classes.end() && (found.empty() || found.front() != place->second))
        found.push_back(place->second);
    }
    return found;
  }

  ClipPlaces of(const std::vector<std::string>& labels, const std::string& stem) const {
    ClipPlaces found;
    for (const fs::path& folder : replacements) found.videos.push_back(folder / (stem + ".mp4"));
    for (const SplitFolder& folder : folders) {
      found.videos.push_back(folder.path / (stem + ".mp4"));
      for (const fs::path& of_label : of_class(folder, labels)) {
        found.recordings.push_back(of_label / (stem + ".wav"));
        found.pictures.push_back(of_label / stem);
        found.videos.push_back(of_label / (stem + ".mp4"));
      }
    }
    return found;
  }

  std::vector<SplitFolder> folders;
  std::vector<fs::path> replacements;
};

// Names in a folder without `extension`; "" means folders. Nothing where it is not there.
std::vector<std::string> names_in(const fs::path& folder, const std::string& extension) {
  std::vector<std::string> names;
  std::error_code code;
  for (fs::directory_iterator at(folder, code), end; !code && at != end; at.increment(code)) {
    const bool fits = extension.empty() ? at->is_directory(code) : at->path().extension() == extension;
    const fs::path name = extension.empty() ? at->path().filename() : at->path().stem();
    if (fits && is_plain_name(name.string())) names.push_back(name.string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

class KineticsSoundsImporter : public Importer {
 public:
  void describe(OptionList& list) override {
    options_.describe(list, false);
    list.add("classes", &classes_,
             "Which list of classes: ks34 (first publication), ks33 (ARL, GDL, UDML) or ks31 (OGM-GE). Required.")
        .one_of({"ks34", "ks33", "ks31"});
    list.add("test", &test_, "Split of Kinetics-400 that is the test split, where no list of OGM-GE says it.")
        .one_of({"val", "test"});
    list.add("min-pictures", &min_pictures_, "Clips with a folder of fewer stills are left out.").at_least(1);
  }

  void run(const fs::path& download, const fs::path& out) override {
    if (classes_.empty()) {
      throw Error(ErrorKind::usage,
                  "`classes`: expected ks34, ks33 or ks31, found nothing; papers mean different lists "
                  "by Kinetics-Sounds, so that there is no default");
    }
    const fs::path raw = open_download(download);
    nlohmann::json settings = options_.settings("kinetics_sounds", raw);
    settings.update({{"classes", classes_}, {"test", test_}, {"min_pictures", min_pictures_}});
    const ImporterOutput output(out, settings, options_.overwrite);
    if (output.is_done_already()) return;
    const KineticsClasses& classes = kinetics_classes(classes_);
    const ClipSample sample = options_.sample({"log_psd_10s", 3}, {"log_stft_av", 3});
    ClipSet set{.name = "kinetics_sounds",
                .classes = classes.names,
                .sample = sample,
                .expected = {},
                .min_pictures = min_pictures_,
                .segments = false,
                .clips = {},
                .filtered = {}};
    const Places places(raw);
    list_clips(set, raw, classes, places);
    if (!classes.train.empty()) set.expected = {{"train", classes.train}, {"test", classes.test}};
    for (Clip& clip : set.clips) {
      find_media(clip, places.of(names_of(classes, static_cast<size_t>(clip.label)), clip.id), options_.videos_only(),
                 min_pictures_);
    }
    write_clips(std::move(set), options_, output, raw);
  }

 private:
  static std::vector<std::string> names_of(const KineticsClasses& classes, size_t c) {
    return {classes.labels[c], classes.names[c]};
  }

  // OGM-GE's lists (of ks31), else the annotations of Kinetics-400, else folders of classes.
  void list_clips(ClipSet& set, const fs::path& raw, const KineticsClasses& classes, const Places& places) const {
    std::vector<std::string> below;
    for (const std::string& root : kRoots) {
      for (const char* folder : {"annotations", "data", ""}) below.push_back(root + folder);
    }
    const auto folders = options_.list_folders(raw, below);
    if (classes_ == "ks31" && find_list(folders, {"my_train.txt"})) {
      add_list(set.clips, read_list(require_list(folders, {"my_train.txt"})), "train");
      add_list(set.clips, read_list(require_list(folders, {"my_test.txt"})), "test");
    } else if (find_annotations(folders, "train") || !options_.lists.empty()) {
      add_annotations(set, require_annotations(folders, "train"), "train", classes);
      add_annotations(set, require_annotations(folders, test_), "test", classes);
      if (test_ == "test" && options_.val) add_annotations(set, require_annotations(folders, "val"), "val", classes);
    } else {
      add_folders(set.clips, places, classes);
    }
    if (!set.clips.empty()) return;
    if (!set.filtered.empty()) {
      throw Error(ErrorKind::data, fmt::format("expected clips of the classes of {}, found none: {}; choose another "
                                               "list with `classes`, or `lists` of Kinetics-400",
                                               classes_, fmt::join(set.filtered, "; ")));
    }
    throw Error(ErrorKind::io, fmt::format("{}: expected lists (my_train.txt and my_test.txt for ks31, or "
                                           "annotations/train.csv) or folders such as audio/train/<class>, found "
                                           "none; name the folder of the lists with `lists`",
                                           raw.string()));
  }

  // val.csv, else a table whose name says the split otherwise: kinetics400_validate.csv.
  static std::optional<fs::path> find_annotations(const std::vector<fs::path>& folders, const std::string& split) {
    if (auto exact = find_list(folders, {split + ".csv"})) return exact;
    for (const fs::path& folder : folders) {
      std::error_code ignored;
      if (!fs::is_directory(folder, ignored)) continue;
      for (const std::string& name : names_in(folder, ".csv")) {
        const fs::path file = folder / (name + ".csv");
        if (split_in_name(name) == split && is_annotations(file)) return file;
      }
    }
    return std::nullopt;
  }

  // Lists of other kinds lie there too.
  static bool is_annotations(const fs::path& file) {
    constexpr std::streamsize kHeader = 200;
    std::string header(kHeader, '\0');
    std::error_code ignored;
    if (!fs::is_regular_file(file, ignored)) return false;
    std::ifstream(file, std::ios::binary).read(header.data(), kHeader);
    return header.find("youtube_id") != std::string::npos;
  }

  static fs::path require_annotations(const std::vector<fs::path>& folders, const std::string& split) {
    if (const auto found = find_annotations(folders, split)) return *found;
    return require_list(folders, {split + ".csv"});
  }

  static Clip make_clip(const std::string& stem, const std::string& video, const std::string& split, size_t label) {
    Clip clip;
    clip.id = stem;
    clip.group = video;
    clip.split = split;
    clip.label = static_cast<int64_t>(label);
    return clip;
  }

  // "name,10,label"; other releases separate by spaces.
  static void add_list(std::vector<Clip>& clips, const ListFile& list, const std::string& split) {
    const size_t count = kinetics_classes("ks31").names.size();
    for (const ListFile::Line& line : list.lines) {
      const char separator = line.text.find(',') != std::string::npos ? ',' : ' ';
      const auto fields = split_fields(line.text, separator).value_or(std::vector<std::string>());
      const auto name = fields.size() >= 2 ? parse_name(fields.front()) : std::nullopt;
      const auto label = fields.size() >= 2 ? whole_number(fields.back()) : std::nullopt;
      if (!name || !label || *label >= static_cast<int64_t>(count)) {
        list.refuse(line, "a clip and a label from 0 to 30 as in '--4-0ihtnBU_000058_000068,10,4'");
      }
      clips.push_back(make_clip(name->first, name->second, split, static_cast<size_t>(*label)));
    }
  }

  void add_annotations(ClipSet& set, const fs::path& file, const std::string& split,
                       const KineticsClasses& classes) const {
    const MetadataTable table = read_csv(file);
    std::array<size_t, 4> columns{};
    const std::array<const char*, 4> names = {"label", "youtube_id", "time_start", "time_end"};
    for (size_t i = 0; i < names.size(); ++i) {
      const auto found = table.find(names[i]);
      if (!found) {
        throw Error(ErrorKind::data, fmt::format("{}: expected a column '{}', as in the annotations of Kinetics-400, "
                                                 "found {}; an old test.csv has no labels: take a newer one, or `test` "
                                                 "val",
                                                 file.string(), names[i], fmt::join(table.columns, ",")));
      }
      columns[i] = *found;
    }
    std::unordered_map<std::string, size_t> labels;
    for (size_t c = 0; c < classes.labels.size(); ++c) labels.emplace(classes.labels[c], c);
    size_t others = 0;
    std::string first;
    for (const MetadataTable::Row& row : table.rows) {
      const auto label = labels.find(row.fields[columns[0]]);
      if (label == labels.end() || label->first.empty()) {
        if (others++ == 0) first = row.fields[columns[0]];
        continue;
      }
      const std::string& video = row.fields[columns[1]];
      const auto start = whole_number(row.fields[columns[2]]), end = whole_number(row.fields[columns[3]]);
      if (!start || !end || !is_plain_name(video)) {
        throw Error(ErrorKind::data,
                    fmt::format("{}:{}: expected the id of a video and whole seconds, found '{}', "
                                "'{}' and '{}'; use the published annotations",
                                file.string(), row.line, video, row.fields[columns[2]], row.fields[columns[3]]));
      }
      set.clips.push_back(make_clip(stem_of(video, *start, *end), video, split, label->second));
    }
    if (others == 0) return;
    set.filtered.push_back(fmt::format("{}: {} of {} rows are of classes that {} does not have, the first '{}'",
                                       file.filename().string(), grouped(static_cast<int64_t>(others)),
                                       grouped(static_cast<int64_t>(table.rows.size())), classes_, first));
  }

  // Stems of one kind of media: split of the folders -> class -> stems.
  using Stems = std::map<std::string, std::map<size_t, std::set<std::string>>>;

  static Stems stems_in(const Places& places, const KineticsClasses& classes, const std::string& extension) {
    Stems stems;
    for (const SplitFolder& folder : places.folders) {
      for (size_t c = 0; c < classes.labels.size(); ++c) {
        if (classes.labels[c].empty()) continue;
        for (const fs::path& of_label : Places::of_class(folder, names_of(classes, c))) {
          for (std::string& name : names_in(of_label, extension)) stems[folder.split][c].insert(std::move(name));
        }
      }
    }
    return stems;
  }

  // Archives of stills have but one split beside train, called val, whatever the recordings call it.
  std::string test_folders_of(const Stems& stems) const {
    if (stems.contains(test_)) return test_;
    return test_ == "val" ? "test" : "val";
  }

  // A clip is what its stem says: a recording whose pictures are gone moves no other.
  void add_folders(std::vector<Clip>& clips, const Places& places, const KineticsClasses& classes) const {
    std::map<size_t, std::set<std::string>> train, test;
    std::set<std::string> unused;
    for (const char* extension : {"", ".wav", ".mp4"}) {  // "": folders of stills
      const Stems all = stems_in(places, classes, extension);
      for (const auto& [split, by_class] : all) {
        if (split != "train" && split != test_folders_of(all)) {
          unused.insert(split);
          continue;
        }
        for (const auto& [label, stems] : by_class)
          (split == "train" ? train : test)[label].insert(stems.begin(), stems.end());
      }
    }
    for (const auto& [split, by_class] : {std::pair("train", &train), std::pair("test", &test)}) {
      for (const auto& [label, stems] : *by_class) {
        for (const std::string& stem : stems) {
          const auto name = parse_name(stem);
          clips.push_back(make_clip(stem, name ? name->second : "", split, label));
        }
      }
    }
    if (unused.empty()) return;
    log_warning(fmt::format("clips in folders of the split {} are not used; `test` {} makes them the test split",
                            fmt::join(unused, ", "), fmt::join(unused, ", ")));
  }

  ClipOptions options_;
  std::string classes_, test_ = "val";
  int64_t min_pictures_ = 3;
};

}  // namespace

std::unique_ptr<Importer> make_kinetics_sounds_importer() { return std::make_unique<KineticsSoundsImporter>(); }

}  // namespace pdmp::data

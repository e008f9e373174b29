// Kinetics-Sounds: the classes of Kinetics-400 (Kay et al. 2017) that can be heard (Arandjelovic and Zisserman 2017).
#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <set>
#include <unordered_map>
#include <utility>

#include "data/csv.h"
#include "data/importers/clip_set.h"
#include "data/importers/importers.h"
#include "data/importers/kinetics_classes.h"
#include "data/importers/list_file.h"
#include "pdmp/error.h"

namespace pdmp {
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

std::string underscored(std::string label) {
  std::replace(label.begin(), label.end(), ' ', '_');
  return label;
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
      : recordings(below_roots(raw, {"audio/train", "audio/test", "audio/val"})),
        pictures(below_roots(
            raw, {"visual/train_img/Image-01-FPS", "visual/val_img/Image-01-FPS", "visual/test_img/Image-01-FPS"})),
        // Replacements of clips that were damaged in the first distribution.
        replacements(below_roots(raw, {"replacement/replacement_for_corrupted_k400", "replacement"})),
        videos(below_roots(raw, {"train", "val", "test", "videos/train", "videos/val", "videos/test"})) {}

  ClipPlaces of(const std::string& label, const std::string& stem) const {
    ClipPlaces found;
    for (const fs::path& folder : recordings) found.recordings.push_back(folder / underscored(label) / (stem + ".wav"));
    for (const fs::path& folder : pictures) found.pictures.push_back(folder / underscored(label) / stem);
    for (const fs::path& folder : replacements) found.videos.push_back(folder / (stem + ".mp4"));
    for (const fs::path& folder : videos) {
      found.videos.push_back(folder / (stem + ".mp4"));
      found.videos.push_back(folder / label / (stem + ".mp4"));
      found.videos.push_back(folder / underscored(label) / (stem + ".mp4"));
    }
    return found;
  }

  std::vector<fs::path> recordings, pictures, replacements, videos;
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
                  "--classes: expected ks34, ks33 or ks31, found nothing; papers mean different lists "
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
                .clips = list_clips(raw, classes)};
    if (!classes.train.empty()) set.expected = {{"train", classes.train}, {"test", classes.test}};
    const Places places(raw);
    for (Clip& clip : set.clips) {
      const std::string& label = classes.labels[static_cast<size_t>(clip.label)];
      find_media(clip, places.of(label, clip.id), options_.videos_only(), min_pictures_);
    }
    write_clips(std::move(set), options_, output, raw);
  }

 private:
  // OGM-GE's lists (of ks31), else the annotations of Kinetics-400, else folders of classes.
  std::vector<Clip> list_clips(const fs::path& raw, const KineticsClasses& classes) const {
    std::vector<std::string> below;
    for (const std::string& root : kRoots) {
      for (const char* folder : {"annotations", "data", ""}) below.push_back(root + folder);
    }
    const auto folders = options_.list_folders(raw, below);
    std::vector<Clip> clips;
    if (classes_ == "ks31" && find_list(folders, {"my_train.txt"})) {
      add_list(clips, read_list(require_list(folders, {"my_train.txt"})), "train");
      add_list(clips, read_list(require_list(folders, {"my_test.txt"})), "test");
    } else if (find_list(folders, {"train.csv"}) || !options_.lists.empty()) {
      add_annotations(clips, require_list(folders, {"train.csv"}), "train", classes);
      add_annotations(clips, require_list(folders, {test_ + ".csv"}), "test", classes);
      if (test_ == "test" && options_.val) add_annotations(clips, require_list(folders, {"val.csv"}), "val", classes);
    } else {
      add_folders(clips, raw, {"train", "train_img", "train", "train"}, classes);
      add_folders(clips, raw, {"test", "val_img", "test", test_}, classes);
    }
    if (clips.empty()) {
      throw Error(ErrorKind::io, fmt::format("{}: expected lists (my_train.txt and my_test.txt for ks31, or "
                                             "annotations/train.csv) or folders such as audio/train/<class>, found "
                                             "none; name the folder of the lists with --lists",
                                             raw.string()));
    }
    return clips;
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

  static void add_annotations(std::vector<Clip>& clips, const fs::path& file, const std::string& split,
                              const KineticsClasses& classes) {
    const MetadataTable table = read_csv(file);
    std::array<size_t, 4> columns{};
    const std::array<const char*, 4> names = {"label", "youtube_id", "time_start", "time_end"};
    for (size_t i = 0; i < names.size(); ++i) {
      const auto found = table.find(names[i]);
      if (!found) {
        throw Error(ErrorKind::data, fmt::format("{}: expected a column '{}', as in the annotations of Kinetics-400, "
                                                 "found {}; an old test.csv has no labels: take a newer one, or --test "
                                                 "val",
                                                 file.string(), names[i], fmt::join(table.columns, ",")));
      }
      columns[i] = *found;
    }
    std::unordered_map<std::string, size_t> labels;
    for (size_t c = 0; c < classes.labels.size(); ++c) labels.emplace(classes.labels[c], c);
    for (const MetadataTable::Row& row : table.rows) {
      const auto label = labels.find(row.fields[columns[0]]);
      if (label == labels.end() || label->first.empty()) continue;
      const std::string& video = row.fields[columns[1]];
      const auto start = whole_number(row.fields[columns[2]]), end = whole_number(row.fields[columns[3]]);
      if (!start || !end || !is_plain_name(video)) {
        throw Error(ErrorKind::data,
                    fmt::format("{}:{}: expected the id of a video and whole seconds, found '{}', "
                                "'{}' and '{}'; use the published annotations",
                                file.string(), row.line, video, row.fields[columns[2]], row.fields[columns[3]]));
      }
      clips.push_back(make_clip(stem_of(video, *start, *end), video, split, label->second));
    }
  }

  // How the folders of a split are called.
  struct SplitNames {
    std::string split, pictures, recordings, videos;
  };

  // A clip is what its stem says: a recording whose pictures are gone moves no other.
  static void add_folders(std::vector<Clip>& clips, const fs::path& raw, const SplitNames& names,
                          const KineticsClasses& classes) {
    const auto pictures = below_roots(raw, {"visual/" + names.pictures + "/Image-01-FPS"});
    const auto recordings = below_roots(raw, {"audio/" + names.recordings});
    const auto videos = below_roots(raw, {"videos/" + names.videos, names.videos});
    for (size_t c = 0; c < classes.labels.size(); ++c) {
      if (classes.labels[c].empty()) continue;
      std::set<std::string> stems;
      const auto collect = [&](const std::vector<fs::path>& folders, const std::string& extension) {
        for (const fs::path& folder : folders) {
          for (const std::string& label : {classes.labels[c], underscored(classes.labels[c])}) {
            for (std::string& name : names_in(folder / label, extension)) stems.insert(std::move(name));
          }
        }
      };
      collect(pictures, "");
      collect(recordings, ".wav");
      collect(videos, ".mp4");
      for (const std::string& stem : stems) {
        const auto name = parse_name(stem);
        clips.push_back(make_clip(stem, name ? name->second : "", names.split, c));
      }
    }
  }

  ClipOptions options_;
  std::string classes_, test_ = "val";
  int64_t min_pictures_ = 3;
};

}  // namespace

std::unique_ptr<Importer> make_kinetics_sounds_importer() { return std::make_unique<KineticsSoundsImporter>(); }

}  // namespace pdmp

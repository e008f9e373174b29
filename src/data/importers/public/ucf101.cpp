// UCF-101: pictures of a video and the optical flow between them. Videos and flow stay where they are.
#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>

#include "base/text/value_text.h"
#include "data/importers/shared/clip_set.h"
#include "data/importers/shared/imported_set.h"
#include "data/importers/shared/importers.h"
#include "data/importers/shared/list_file.h"
#include "data/tables/file_list.h"
#include "data/types/cell_paths.h"
#include "pdmp/error.h"

namespace pdmp::data {
namespace {

namespace fs = std::filesystem;

constexpr size_t kClasses = 101;
constexpr size_t kListedFrames = 15;  // of a folder that holds flow as well; three segments of five

// Folders or files by the name of their video in lower case: copies write HandStandPushups in several ways.
using Media = std::map<std::string, fs::path>;

void add_media(Media& media, const fs::path& folder, bool folders) {
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored)) return;
  for (const fs::path& entry : sorted_entries(folder)) {
    if (fs::is_directory(entry) == folders) media.emplace(lower_case(entry.stem().string()), entry);
  }
}

// Everything one level down: class folders.
Media media_by_class(const fs::path& folder, bool folders) {
  Media media;
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored)) return media;
  for (const fs::path& entry : sorted_entries(folder)) add_media(media, entry, folders);
  return media;
}

Media media_of(const fs::path& folder) {
  Media media;
  add_media(media, folder, true);
  return media;
}

fs::path find(const Media& media, const std::string& name) {
  const auto found = media.find(name);
  return found == media.end() ? fs::path() : found->second;
}

// "36 HandstandPushups" a line; the order is the numbering.
std::vector<std::string> read_classes(const ListFile& list) {
  std::vector<std::string> classes;
  for (const ListFile::Line& line : list.lines) {
    const size_t space = line.text.find(' ');
    const auto number = whole_number(std::string_view(line.text).substr(0, space));
    const std::string name = space == std::string::npos ? "" : line.text.substr(space + 1);
    if (!number || *number != static_cast<int64_t>(classes.size()) + 1 || !is_plain_name(name)) {
      list.refuse(line, fmt::format("'{} ClassName'", classes.size() + 1));
    }
    classes.push_back(name);
  }
  if (classes.size() != kClasses || std::set(classes.begin(), classes.end()).size() != kClasses) {
    throw Error(ErrorKind::data, fmt::format("{}: expected {} different classes, found {} lines; this is an edited "
                                             "copy, use that of the download",
                                             list.file.string(), kClasses, classes.size()));
  }
  return classes;
}

struct Source {
  Media frames, mixed, videos;  // jpegs_256, rawframes, UCF-101
  Media horizontal, vertical;   // tvl1_flow
};

class Ucf101Importer : public Importer {
 public:
  void describe(OptionList& list) override {
    list.add("lists", &lists_, "Folder of classInd.txt, trainlist01.txt and testlist01.txt; default: below --raw.");
    list.add("flow", &flow_,
             "Folder with u and v (tvl1_flow), or of classes with flow_x_00001.jpg (rawframes); default: below --raw.");
    list.add("frames", &frames_, "Folder of pictures by video (jpegs_256); default: below --raw, else the videos.");
    list.add("split", &split_, "Which of the three published splits.").one_of({"01", "02", "03"});
    list.add("val", &val_, "Share of train for validation, whole groups of videos together; none: all are trained on.")
        .above(0)
        .at_most(0.5);
    list.add("seed", &seed_, "Seed of the validation split.").at_least(0);
    list.add("overwrite", &overwrite_, "Replace a data set made with other settings.");
  }

  void run(const fs::path& raw, const fs::path& out) override {
    const fs::path root = open_download(raw);
    const ImporterOutput output(out, settings(root), overwrite_);
    if (output.is_done_already()) return;
    std::vector<fs::path> folders = {root / "ucfTrainTestlist", root, root / "UCF-101"};
    if (!lists_.empty()) folders = {lists_, fs::path(lists_) / "ucfTrainTestlist"};
    ImportedSet set;
    set.name = "ucf101";
    set.classes = read_classes(read_list(require_list(folders, {"classInd.txt"})));
    set.columns = {"rgb_file_name", "flow_file_name"};
    const fs::path base = base_of(root);
    set.modalities = {modality("rgb", "frames", base), modality("flow", "flow", base)};
    set.val_fraction = val_;
    set.seed = seed_;
    const int64_t expected = split_ == "01" ? 9537 : split_ == "02" ? 9586 : 9624;
    set.expected = {{"train", expected}, {"test", 13320 - expected}};
    const Source source = find_source(root);
    for (const char* split : {"train", "test"}) {
      add_list(set, read_list(require_list(folders, {fmt::format("{}list{}.txt", split, split_)})), split, source,
               base);
    }
    write_imported(std::move(set), output);
  }

 private:
  nlohmann::json settings(const fs::path& root) const {
    return {{"importer", "ucf101"},
            {"raw", root.string()},
            {"lists", lists_},
            {"flow", flow_},
            {"frames", frames_},
            {"split", split_},
            {"val", val_ ? nlohmann::json(*val_) : nlohmann::json()},
            {"seed", seed_}};
  }

  static nlohmann::json modality(const std::string& name, const std::string& type, const fs::path& root) {
    return {{"name", name},          {"type", type}, {"column", name + "_file_name"},
            {"root", root.string()}, {"frames", 3},  {"size", 224},
            {"policy", "segment"}};
  }

  // The folder that holds the download and the folders named beside it.
  fs::path base_of(const fs::path& root) const {
    fs::path base = root;
    for (const std::string& given : {flow_, frames_}) {
      if (!given.empty()) base = common_folder(base, media_root(given));
    }
    return base;
  }

  Source find_source(const fs::path& root) const {
    Source source;
    const fs::path frames = frames_.empty() ? root / "jpegs_256" : media_root(frames_);
    const fs::path given = flow_.empty() ? fs::path() : media_root(flow_);
    source.frames = media_of(frames);
    source.videos = media_by_class(fs::is_directory(root / "UCF-101") ? root / "UCF-101" : root, false);
    const bool pair = fs::is_directory(given.empty() ? root / "tvl1_flow" : given / "u");
    if (pair) {
      const fs::path folder = given.empty() ? root / "tvl1_flow" : given;
      source.horizontal = media_of(folder / "u");
      source.vertical = media_of(folder / "v");
    } else {
      source.mixed = media_by_class(given.empty() ? root / "rawframes" : given, true);
    }
    if (source.horizontal.empty() && source.mixed.empty()) {
      throw Error(ErrorKind::io, fmt::format("expected optical flow as tvl1_flow/u/VIDEO and tvl1_flow/v/VIDEO or as "
                                             "rawframes/CLASS/VIDEO/flow_x_00001.jpg, found neither in {}; name its "
                                             "folder with `flow`",
                                             (given.empty() ? root : given).string()));
    }
    return source;
  }

  static void add_list(ImportedSet& set, const ListFile& list, const std::string& split, const Source& source,
                       const fs::path& root) {
    for (const ListFile::Line& line : list.lines) {
      const size_t slash = line.text.find('/'), space = line.text.find(' ');
      const std::string label = line.text.substr(0, slash);
      const auto found = std::find(set.classes.begin(), set.classes.end(), label);
      if (slash == std::string::npos || found == set.classes.end())
        list.refuse(line, "CLASS/VIDEO.avi of a known class");
      const std::string file = line.text.substr(slash + 1, space == std::string::npos ? space : space - slash - 1);
      if (!is_plain_name(file)) list.refuse(line, "CLASS/VIDEO.avi");
      const int64_t number = found - set.classes.begin() + 1;
      if (space != std::string::npos && whole_number(std::string_view(line.text).substr(space + 1)) != number) {
        list.refuse(line, fmt::format("the number {} of class {}, as in classInd.txt,", number, label));
      }
      add_clip(set, split, label, fs::path(file).stem().string(), source, root);
    }
  }

  // The class is that of the folder: files of HandstandPushups are called v_HandStandPushups.
  static void add_clip(ImportedSet& set, const std::string& split, const std::string& label, const std::string& name,
                       const Source& source, const fs::path& root) {
    const std::string key = lower_case(name);
    const std::string rgb = rgb_cell(key, source, root), flow = flow_cell(key, source, root);
    const std::string clip = label + "/" + name;
    if (rgb.empty()) set.missing.push_back(clip + ": no pictures and no video that can be used");
    if (flow.empty()) set.missing.push_back(clip + ": no optical flow");
    if (rgb.empty() && flow.empty()) return;
    // v_X_g08_c01: clips of one group were cut from one recording.
    set.rows.push_back({name, split, label, label + "/" + lower_case(name.substr(0, name.rfind("_c"))), {rgb, flow}});
  }

  static std::string rgb_cell(const std::string& key, const Source& source, const fs::path& root) {
    if (const fs::path folder = find(source.frames, key); !folder.empty()) return file_cell(root, folder);
    const fs::path video = find(source.videos, key);
    if (!video.empty() && medium_problem(video).empty()) return file_cell(root, video);
    const fs::path folder = find(source.mixed, key);
    return folder.empty() ? "" : listed_frames(folder, root);
  }

  // Beside flow the pictures cannot be named by their folder: some of them, evenly spread, one by one.
  static std::string listed_frames(const fs::path& folder, const fs::path& root) {
    std::vector<fs::path> pictures;
    for (const fs::path& picture : sorted_entries(folder)) {
      if (picture.filename().string().starts_with("img_")) pictures.push_back(picture);
    }
    const size_t count = std::min(kListedFrames, pictures.size());
    std::vector<std::string> names;
    for (size_t i = 0; i < count; ++i) {
      names.push_back(cell_below(root, pictures[(2 * i + 1) * pictures.size() / (2 * count)]));
    }
    return join_file_list(names);
  }

  static std::string flow_cell(const std::string& key, const Source& source, const fs::path& root) {
    const fs::path u = find(source.horizontal, key), v = find(source.vertical, key);
    if (!u.empty() && !v.empty()) return join_file_list({cell_below(root, u), cell_below(root, v)});
    const fs::path folder = find(source.mixed, key);
    if (folder.empty()) return "";
    for (const fs::path& entry : sorted_entries(folder)) {
      if (entry.filename().string().starts_with("flow_x")) return file_cell(root, folder);
    }
    return "";
  }

  std::string lists_, flow_, frames_, split_ = "01";
  std::optional<double> val_ = 0.1;
  int64_t seed_ = 0;
  bool overwrite_ = false;
};

}  // namespace

std::unique_ptr<Importer> make_ucf101_importer() { return std::make_unique<Ucf101Importer>(); }

}  // namespace pdmp::data

// CASIA-SURF CeFA: faces in colour, depth and infrared, live or attacked. Labels and splits come from the names of the
// folders, so that no list is needed.
#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <map>
#include <set>

#include "base/progress.h"
#include "base/signal.h"
#include "data/importers/shared/clip_set.h"
#include "data/importers/shared/imported_set.h"
#include "data/importers/shared/importers.h"
#include "data/importers/shared/list_file.h"
#include "data/types/cell_paths.h"
#include "pdmp/error.h"

namespace pdmp::data {
namespace {

namespace fs = std::filesystem;

constexpr std::array<const char*, 3> kRaces = {"AF", "CA", "EA"};  // 1, 2, 3 in the names of videos
constexpr int64_t kReal = 1, kCloth = 2, kScreen = 4;              // kinds of attack in the names of videos

struct Protocol {
  std::set<int64_t> train_races, test_races;
  std::set<int64_t> train_types, test_types;
  std::map<std::string, int64_t> expected;
};

// "4@5" -> what is trained and tested on. Published are totals of protocol 4 alone.
Protocol make_protocol(const std::string& name) {
  const std::set<int64_t> all_races = {1, 2, 3}, all_types = {kReal, kCloth, kScreen};
  const std::set<int64_t> cloth = {kReal, kCloth}, screen = {kReal, kScreen};
  if (name == "2@1") return {all_races, all_races, cloth, screen, {}};
  if (name == "2@2") return {all_races, all_races, screen, cloth, {}};
  if (name == "3") return {all_races, all_races, all_types, all_types, {}};
  constexpr int64_t kPairs[6][2] = {{1, 2}, {1, 3}, {2, 1}, {2, 3}, {3, 1}, {3, 2}};
  constexpr int64_t kTrain[] = {36513, 37167, 35952}, kDev[] = {18468, 19093, 18509}, kTest[] = {54285, 57535, 56322};
  const auto& [train, test] = kPairs[name.back() - '1'];
  if (name.front() == '1') return {{train}, {test}, all_types, all_types, {}};
  return {{train},
          {test},
          screen,
          cloth,
          {{"train", kTrain[train - 1]}, {"val", kDev[train - 1]}, {"test", kTest[test - 1]}}};
}

std::vector<std::string> protocol_names() {
  std::vector<std::string> names;
  for (const char* family : {"1", "4"}) {
    for (int64_t k = 1; k <= 6; ++k) names.push_back(fmt::format("{}@{}", family, k));
  }
  names.insert(names.begin() + 6, {"2@1", "2@2", "3"});
  return names;
}

// "3_127_3_1_4": race, subject, device, session, type of attack.
struct VideoName {
  int64_t race = 0, subject = 0, device = 0, session = 0, type = 0;
};

std::optional<VideoName> parse_video_name(const std::string& name) {
  const auto fields = split_fields(name, '_');
  if (!fields || fields->size() != 5) return std::nullopt;
  std::array<int64_t, 5> numbers{};
  for (size_t i = 0; i < 5; ++i) {
    const auto number = whole_number((*fields)[i]);
    if (!number) return std::nullopt;
    numbers[i] = *number;
  }
  return VideoName{numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]};
}

// The recordings of the published counts: live by device 1 indoors, cloth by device 3 in both sessions, screens by
// device 3 indoors. Trees hold more.
bool is_official(const VideoName& video) {
  if (video.type == kReal) return video.device == 1 && video.session == 1;
  if (video.type == kCloth) return video.device == 3 && (video.session == 1 || video.session == 2);
  return video.type == kScreen && video.device == 3 && video.session == 1;
}

// "" where the protocol does without it.
std::string split_of(const VideoName& video, const Protocol& protocol) {
  constexpr int64_t kFirstDev = 200, kFirstTest = 300, kSubjects = 500;
  if (!is_official(video) || video.subject >= kSubjects) return "";
  const bool test = video.subject >= kFirstTest;
  const auto& races = test ? protocol.test_races : protocol.train_races;
  const auto& types = test ? protocol.test_types : protocol.train_types;
  if (!races.contains(video.race) || !types.contains(video.type)) return "";
  return test ? "test" : video.subject >= kFirstDev ? "val" : "train";
}

// The folder that holds AF, CA and EA.
fs::path find_races(const fs::path& raw) {
  for (const char* above : {"", "CASIA_CeFA", "CASIA-CeFA"}) {
    for (const char* name : {"", "Ethnicity", "CeFA-Race"}) {
      const fs::path folder = raw / above / name;
      const auto there = [&](const char* race) { return fs::is_directory(folder / race); };
      if (std::any_of(kRaces.begin(), kRaces.end(), there)) return folder;
    }
  }
  throw Error(ErrorKind::io, fmt::format("{}: expected CeFA as downloaded, with folders Ethnicity/AF, CA and EA, found "
                                         "none of them; name the folder above with `raw`",
                                         raw.string()));
}

using Pictures = std::map<std::string, fs::path>;  // by name without extension

Pictures pictures_in(const fs::path& folder) {
  Pictures result;
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored) || fs::is_empty(folder, ignored)) return result;
  try {
    for (const fs::path& picture : list_pictures(folder)) result.emplace(picture.stem().string(), picture);
  } catch (const Error&) {
    return {};  // nothing but other files
  }
  return result;
}

class CefaImporter : public Importer {
 public:
  void describe(OptionList& list) override {
    list.add("protocol", &protocol_,
             "Who is trained and tested on: 1@k across ethnicities, 2@k across attacks, 3 all, 4@k across both; k = 1 "
             "AF to CA, 2 AF to EA, 3 CA to AF, 4 CA to EA, 5 EA to AF, 6 EA to CA.")
        .one_of(protocol_names());
    list.add("profile", &profile_, "paper: colours red first; released: blue first, as released code reads them.")
        .one_of({"paper", "released"});
    list.add("overwrite", &overwrite_, "Replace a data set made with other settings.");
  }

  void run(const fs::path& raw, const fs::path& out) override {
    const fs::path root = open_download(raw);
    const ImporterOutput output(
        out, {{"importer", "cefa"}, {"raw", root.string()}, {"protocol", protocol_}, {"profile", profile_}},
        overwrite_);
    if (output.is_done_already()) return;
    const Protocol protocol = make_protocol(protocol_);
    ImportedSet set;
    set.name = "cefa";
    set.classes = {"live", "attack"};  // 0 = live
    set.live_class = "live";
    set.expected = protocol.expected;
    for (const char* name : {"rgb", "depth", "ir"}) {
      set.columns.push_back(fmt::format("{}_file_name", name));
      set.modalities.push_back(modality(name, root));
    }
    add_videos(set, root, find_races(root), protocol);
    write_imported(std::move(set), output);
  }

 private:
  // Released code, of which the paper tells the size alone: (v - 127.5) / 128; in training the three pictures of a face
  // are turned, cut and mirrored alike.
  nlohmann::json modality(const std::string& name, const fs::path& root) const {
    const std::vector<double> mean(3, 0.5), deviation(3, 128.0 / 255);
    return {{"name", name},
            {"type", "image"},
            {"column", name + "_file_name"},
            {"root", root.string()},
            {"size", 112},
            {"mean", mean},
            {"std", deviation},
            {"channel_order", profile_ == "released" ? "bgr" : "rgb"},
            {"interpolation", "bilinear_plain"},
            {"augment", {{"resize", 144}, {"rotation", 30}}},
            {"augment_with", "face"}};
  }

  static void add_videos(ImportedSet& set, const fs::path& root, const fs::path& races, const Protocol& protocol) {
    Progress progress("CeFA", 0, "video");
    std::set<std::string> seen;
    for (const char* race : kRaces) {
      if (!fs::is_directory(races / race)) continue;
      for (const fs::path& subject : sorted_entries(races / race)) {
        if (!fs::is_directory(subject)) continue;
        for (const fs::path& video : sorted_entries(subject)) {
          if (interrupted()) throw Error(ErrorKind::interrupted, "stopped; the same command begins again");
          add_video(set, root, video, protocol, seen);
          progress.advance();
        }
      }
    }
  }

  static void add_video(ImportedSet& set, const fs::path& root, const fs::path& video, const Protocol& protocol,
                        std::set<std::string>& seen) {
    const std::string name = video.filename().string();
    const auto parsed = parse_video_name(name);
    if (!parsed) {
      if (fs::is_directory(video)) {
        set.missing.push_back(video.string() + ": expected a name like 3_127_3_1_4, so it is left out");
      }
      return;
    }
    const std::string split = split_of(*parsed, protocol);
    if (split.empty()) {
      ++set.filtered["videos that the protocol does without"];
      return;
    }
    if (!seen.insert(name).second) {
      set.missing.push_back(video.string() + ": there is another video of this name, so it is left out");
      return;
    }
    // Earlier releases call the folder of colour pictures profile, newer ones color.
    const fs::path colour = fs::is_directory(video / "color") ? video / "color" : video / "profile";
    add_triples(set, root, video, {colour, video / "depth", video / "ir"},
                {"",
                 split,
                 parsed->type == kReal ? "live" : "attack",
                 fmt::format("{}-{:03d}", kRaces[static_cast<size_t>(parsed->race - 1)], parsed->subject),
                 {}});
  }

  static void add_triples(ImportedSet& set, const fs::path& root, const fs::path& video,
                          const std::array<fs::path, 3>& folders, ImportedRow row) {
    std::array<Pictures, 3> pictures;
    std::set<std::string> names;
    for (size_t m = 0; m < 3; ++m) {
      pictures[m] = pictures_in(folders[m]);
      for (const auto& [name, file] : pictures[m]) names.insert(name);
    }
    if (names.empty()) set.missing.push_back(video.string() + ": no pictures in it");
    for (const std::string& name : names) {
      row.id = video.filename().string() + "/" + name;
      row.cells.clear();
      std::string problem;
      for (size_t m = 0; m < 3 && problem.empty(); ++m) {
        const auto found = pictures[m].find(name);
        const fs::path file = found == pictures[m].end() ? folders[m] / (name + ".jpg") : found->second;
        problem = medium_problem(file);
        if (!problem.empty()) set.missing.push_back(fmt::format("{}: {}", file.string(), problem));
        row.cells.push_back(file_cell(root, file));
      }
      if (problem.empty()) set.rows.push_back(row);
    }
  }

  std::string protocol_ = "4@5", profile_ = "paper";
  bool overwrite_ = false;
};

}  // namespace

std::unique_ptr<Importer> make_cefa_importer() { return std::make_unique<CefaImporter>(); }

}  // namespace pdmp::data

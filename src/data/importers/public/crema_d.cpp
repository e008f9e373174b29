// CREMA-D (Cao et al. 2014): 7,442 clips of 91 actors, six emotions, split as OGM-GE's lists do.
#include <algorithm>
#include <cctype>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <set>
#include <utility>

#include "base/log.h"
#include "data/importers/shared/clip_set.h"
#include "data/importers/shared/importers.h"
#include "data/importers/shared/list_file.h"

namespace pdmp::data {
namespace {

namespace fs = std::filesystem;

// The published order. Alphabetical in other releases; scores do not depend on it.
const std::vector<std::string> kEmotions = {"NEU", "HAP", "SAD", "FEA", "DIS", "ANG"};

// "1001_DFA_ANG_XX": actor, sentence, emotion, level.
struct ClipName {
  std::string stem, actor, emotion;
};

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

std::optional<ClipName> parse_name(std::string name) {
  for (const char* extension : {".flv", ".wav", ".mp3", ".mp4", ".jpg"}) {
    if (name.ends_with(extension)) name.resize(name.size() - 4);
  }
  const auto parts = split_fields(name, '_');
  if (!parts || parts->size() != 4 || !is_plain_name(name) || !whole_number((*parts)[0])) return std::nullopt;
  return ClipName{name, (*parts)[0], upper((*parts)[2])};
}

// A clip's level is "LO", "MD", "HI" or, unsaid, "XX"; one file of the download is called 1040_ITH_SAD_X, and lists
// differ on it.
std::vector<std::string> spellings(const std::string& stem) {
  if (stem.ends_with("_XX")) return {stem, stem.substr(0, stem.size() - 1)};
  if (stem.ends_with("_X")) return {stem, stem + "X"};
  return {stem};
}

// "stem,EMO", with or without the header "name,label"; "stem.flv Emo" in one release.
std::vector<std::string> fields_of(const std::string& line) {
  const char separator = line.find(',') != std::string::npos ? ',' : ' ';
  return split_fields(line, separator).value_or(std::vector<std::string>());
}

class CremaDImporter : public Importer {
 public:
  void describe(OptionList& list) override {
    options_.describe(list, false);
    list.add("val-new-speakers", &new_speakers_,
             "Actors of the validation split are not in train. The test split shares its actors with train.");
  }

  void run(const fs::path& download, const fs::path& out) override {
    const fs::path raw = open_download(download);
    nlohmann::json settings = options_.settings("crema_d", raw);
    settings["val_new_speakers"] = new_speakers_;
    const ImporterOutput output(out, settings, options_.overwrite);
    if (output.is_done_already()) return;
    const ClipSample sample = options_.sample({"log_psd_3s", 1}, {"log_stft_cremad", 1});
    ClipSet set{.name = "crema_d",
                .classes = kEmotions,
                .sample = sample,
                .expected = {{"train", {973, 1148, 1131, 1138, 1142, 1166}}, {"test", {114, 123, 140, 133, 129, 105}}},
                .min_pictures = 1,
                .segments = false,
                .clips = {},
                .filtered = {}};
    const auto folders = options_.list_folders(raw, {"CREMA-D", "data", "lists"});
    for (const char* split : {"train", "test"}) {
      add_list(set.clips, read_list(require_list(folders, {std::string(split) + ".csv"})), split);
    }
    report_shared_actors(set.clips);
    const auto roots = folders_below(raw, {"", "CREMA-D"});
    for (Clip& clip : set.clips) find_media(clip, places(roots, clip.id), options_.videos_only(), 1);
    write_clips(std::move(set), options_, output, raw);
  }

 private:
  void add_list(std::vector<Clip>& clips, const ListFile& list, const std::string& split) const {
    for (const ListFile::Line& line : list.lines) {
      const std::vector<std::string> fields = fields_of(line.text);
      if (&line == &list.lines.front() && fields.size() == 2 && fields[1] == "label") continue;
      const auto name = fields.size() == 2 ? parse_name(fields[0]) : std::nullopt;
      if (!name) list.refuse(line, "a clip and its emotion as in '1001_DFA_ANG_XX,ANG'");
      const auto emotion = std::find(kEmotions.begin(), kEmotions.end(), name->emotion);
      if (emotion == kEmotions.end()) {
        list.refuse(line, fmt::format("an emotion of {} as third part of the name", fmt::join(kEmotions, ", ")));
      }
      // The label is what the actor was asked to show, which the name says; not what raters saw.
      if (upper(fields[1]) != name->emotion) {
        list.refuse(line, fmt::format("the emotion '{}' that the name says", name->emotion));
      }
      Clip clip;
      clip.id = name->stem;
      clip.split = split;
      clip.label = emotion - kEmotions.begin();
      if (new_speakers_) clip.group = name->actor;
      clips.push_back(std::move(clip));
    }
  }

  // The published split is by clip, not by actor.
  static void report_shared_actors(const std::vector<Clip>& clips) {
    std::map<std::string, std::set<std::string>> actors;  // split -> its actors
    for (const Clip& clip : clips) actors[clip.split].insert(parse_name(clip.id)->actor);
    const std::set<std::string>& test = actors["test"];
    const auto shared = std::count_if(test.begin(), test.end(),
                                      [&](const std::string& actor) { return actors["train"].contains(actor); });
    if (shared == 0) return;
    log_warning(
        fmt::format("{} of the {} actors in test are in train too: the published split is by clip, so the score "
                    "of test says little about new speakers",
                    shared, test.size()));
  }

  static ClipPlaces places(const std::vector<fs::path>& roots, const std::string& stem) {
    ClipPlaces places;
    places.sound_in_videos = false;  // published numbers rest on the recordings; the videos have a lossy copy
    for (const fs::path& root : roots) {
      for (const std::string& name : spellings(stem)) {
        places.recordings.push_back(root / "AudioWAV" / (name + ".wav"));
        places.videos.push_back(root / "VideoFlash" / (name + ".flv"));
        places.pictures.push_back(root / "Image-01-FPS" / name);
      }
    }
    return places;
  }

  ClipOptions options_;
  bool new_speakers_ = false;
};

}  // namespace

std::unique_ptr<Importer> make_crema_d_importer() { return std::make_unique<CremaDImporter>(); }

}  // namespace pdmp::data

// VGGSound (Chen et al. 2020): 199,176 clips of ten seconds, 309 classes. A list is published; people fetch the videos.
#include <algorithm>
#include <fmt/format.h>
#include <unordered_map>
#include <utility>

#include "data/importers/public/vggsound_classes.h"
#include "data/importers/shared/clip_set.h"
#include "data/importers/shared/importers.h"
#include "data/importers/shared/list_file.h"

namespace pdmp::data {
namespace {

namespace fs = std::filesystem;

struct ClipName {
  std::string video;
  int64_t start = 0;
};

// "glLQrEijrKg_000300.mp4"; the video's id may hold '_' itself.
std::optional<ClipName> parse_name(std::string name) {
  if (name.ends_with(".mp4")) name.resize(name.size() - 4);
  const size_t bar = name.rfind('_');
  if (bar == std::string::npos || bar == 0 || !is_plain_name(name)) return std::nullopt;
  const auto start = whole_number(std::string_view(name).substr(bar + 1));
  if (!start) return std::nullopt;
  return ClipName{name.substr(0, bar), *start};
}

// The folders that are there, by split.
struct Places {
  std::vector<fs::path> recordings, videos, pictures;
};

Places find_places(const fs::path& raw, const std::string& split) {
  const auto below = [&](const std::vector<std::string>& folders) {
    std::vector<std::string> all;
    for (const std::string& folder : folders) {
      for (const char* root : {"", "vggsound/", "VGGSound/", "VGGSound_final/"}) all.push_back(root + folder);
    }
    return folders_below(raw, all);
  };
  return {below({"audio/" + split + "-audios/" + split + "-set", "audio/" + split, "audio"}),
          below({"video", "video/" + split, "videos", split, ""}),
          below({"video/" + split + "-set-img/Image-01-FPS", "Image-01-FPS"})};
}

// Some releases pad the start with zeros, some do not.
ClipPlaces places_of(const Places& places, const ClipName& name) {
  ClipPlaces found;
  for (const std::string& stem :
       {fmt::format("{}_{:06d}", name.video, name.start), fmt::format("{}_{}", name.video, name.start)}) {
    for (const fs::path& folder : places.recordings) found.recordings.push_back(folder / (stem + ".wav"));
    for (const fs::path& folder : places.videos) found.videos.push_back(folder / (stem + ".mp4"));
    for (const fs::path& folder : places.pictures) {
      found.pictures.push_back(folder / (stem + ".mp4"));  // a folder, whatever its name says
      found.pictures.push_back(folder / stem);
    }
  }
  return found;
}

class VggSoundImporter : public Importer {
 public:
  void describe(OptionList& list) override {
    options_.describe(list, false);
    list.add("min-pictures", &min_pictures_, "Clips with a folder of fewer stills are left out.").at_least(1);
  }

  void run(const fs::path& download, const fs::path& out) override {
    const fs::path raw = open_download(download);
    nlohmann::json settings = options_.settings("vggsound", raw);
    settings["min_pictures"] = min_pictures_;
    const ImporterOutput output(out, settings, options_.overwrite);
    if (output.is_done_already()) return;
    const ClipSample sample = options_.sample({"log_stft_av", 3}, {"log_stft_av", 3});
    ClipSet set{.name = "vggsound",
                .classes = vggsound_classes(),
                .sample = sample,
                .expected = {{"train", {183730}}, {"test", {15446}}},
                .min_pictures = min_pictures_,
                .segments = false,
                .clips = {},
                .filtered = {}};
    for (const char* split : {"train", "test"}) places_[split] = find_places(raw, split);
    for (size_t c = 0; c < set.classes.size(); ++c) labels_[set.classes[c]] = static_cast<int64_t>(c);
    const auto folders = options_.list_folders(raw, {"vggsound", "VGGSound", "VGGSound_final", "data"});
    if (const auto all = find_list(folders, {"vggsound.csv"})) {
      add_list(set.clips, read_list(*all), "");
    } else {
      for (const char* split : {"train", "test"}) {
        add_list(set.clips, read_list(require_list(folders, {std::string(split) + ".csv", "vggsound.csv"})), split);
      }
    }
    write_clips(std::move(set), options_, output, raw);
  }

 private:
  // "id,start,label,split" where no split is given, else "id_start.mp4,label".
  void add_list(std::vector<Clip>& clips, const ListFile& list, const std::string& of_split) const {
    for (const ListFile::Line& line : list.lines) {
      const auto fields = split_fields(line.text, ',').value_or(std::vector<std::string>());
      const size_t expected = of_split.empty() ? 4 : 2;
      if (fields.size() != expected) {
        list.refuse(line, of_split.empty() ? "id,start,label,split; a label with commas in quotes"
                                           : "id_start.mp4,label; a label with commas in quotes");
      }
      const auto name = parse_name(of_split.empty() ? fields[0] + "_" + fields[1] : fields[0]);
      if (!name) list.refuse(line, "the id of a video and a start in whole seconds");
      const std::string& split = of_split.empty() ? fields[3] : of_split;
      const auto places = places_.find(split);
      if (places == places_.end()) list.refuse(line, "the split train or test");
      const auto label = labels_.find(of_split.empty() ? fields[2] : fields[1]);
      if (label == labels_.end()) list.refuse(line, "one of the 309 published labels");
      Clip clip;
      clip.id = fmt::format("{}_{:06d}", name->video, name->start);
      clip.split = split;
      clip.group = name->video;
      clip.label = label->second;
      find_media(clip, places_of(places->second, *name), options_.videos_only(), min_pictures_);
      clips.push_back(std::move(clip));
    }
  }

  ClipOptions options_;
  int64_t min_pictures_ = 3;  // OGM-GE asks for more than three
  std::unordered_map<std::string, Places> places_;
  std::unordered_map<std::string, int64_t> labels_;
};

}  // namespace

std::unique_ptr<Importer> make_vggsound_importer() { return std::make_unique<VggSoundImporter>(); }

}  // namespace pdmp::data

// AVE (Tian et al. 2018): 4,143 audio-visual events in 4,097 clips of ten seconds, 28 classes.
#include <algorithm>
#include <fmt/format.h>
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

// In the order of first appearance in Annotations.txt and in testSet.txt.
const std::vector<std::string> kEvents = {"Church bell",
                                          "Male speech, man speaking",
                                          "Bark",
                                          "Fixed-wing aircraft, airplane",
                                          "Race car, auto racing",
                                          "Female speech, woman speaking",
                                          "Helicopter",
                                          "Violin, fiddle",
                                          "Flute",
                                          "Ukulele",
                                          "Frying (food)",
                                          "Truck",
                                          "Shofar",
                                          "Motorcycle",
                                          "Acoustic guitar",
                                          "Train horn",
                                          "Clock",
                                          "Banjo",
                                          "Goat",
                                          "Baby cry, infant cry",
                                          "Bus",
                                          "Chainsaw",
                                          "Cat",
                                          "Horse",
                                          "Toilet flush",
                                          "Rodents, rats, mice",
                                          "Accordion",
                                          "Mandolin"};
const std::vector<int64_t> kTestCounts = {18, 17, 17, 18, 18, 17, 17, 18, 17, 16, 18, 13, 10, 9,
                                          18, 17, 16, 18, 10, 8,  6,  16, 6,  6,  18, 10, 15, 15};

constexpr int64_t kClipSeconds = 10;

// One line of a list.
struct Event {
  int64_t label = 0, start = 0, end = 0;
  std::string video;
};

Event parse_event(const ListFile& list, const ListFile::Line& line, const std::vector<std::string>& fields) {
  const auto event = std::find(kEvents.begin(), kEvents.end(), fields[0]);
  if (event == kEvents.end()) list.refuse(line, "one of the 28 categories of AVE, such as 'Church bell'");
  const auto start = whole_number(fields[3]), end = whole_number(fields[4]);
  if (!start || !end || *start > *end || *end > kClipSeconds) {
    list.refuse(line, "start and end in whole seconds, 0 to 10");
  }
  if (!is_plain_name(fields[1])) list.refuse(line, "the id of a video");
  return {event - kEvents.begin(), *start, *end, fields[1]};
}

class AveImporter : public Importer {
 public:
  void describe(OptionList& list) override {
    options_.describe(list, true);
    list.add("dedup", &dedup_, "Events of a video that a split lists more than once: all, or the first alone.")
        .one_of({"none", "first"});
  }

  void run(const fs::path& download, const fs::path& out) override {
    const fs::path raw = open_download(download);
    nlohmann::json settings = options_.settings("ave", raw);
    settings["dedup"] = dedup_;
    const ImporterOutput output(out, settings, options_.overwrite);
    if (output.is_done_already()) return;
    const ClipSample sample = options_.sample({"log_psd_10s", 3}, {"log_psd_10s", 1});
    ClipSet set{.name = "ave",
                .classes = kEvents,
                .sample = sample,
                .expected = {{"train", {dedup_ == "none" ? 3339 : 3312}},
                             {"val", {dedup_ == "none" ? 402 : 401}},
                             {"test", kTestCounts}},
                .min_pictures = 1,
                .segments = true,
                .clips = {},
                .filtered = {}};
    const auto folders = options_.list_folders(raw, {"AVE_Dataset", "data"});
    for (const char* split : {"train", "val", "test"}) {
      add_list(set.clips, read_list(require_list(folders, {std::string(split) + "Set.txt"})), split);
    }
    find_all_media(set.clips, folders_below(raw, {"", "AVE_Dataset"}));
    report_leakage(set.clips);
    write_clips(std::move(set), options_, output, raw);
  }

 private:
  void add_list(std::vector<Clip>& clips, const ListFile& list, const std::string& split) const {
    std::set<std::string> videos;
    for (const ListFile::Line& line : list.lines) {
      const auto fields = split_fields(line.text, '&');
      if (!fields || fields->size() != 5) list.refuse(line, "Category&VideoID&Quality&StartTime&EndTime");
      if (&line == &list.lines.front() && !whole_number((*fields)[3])) continue;  // a header, in some copies
      const Event event = parse_event(list, line, *fields);
      const bool again = !videos.insert(event.video).second;
      if (again && dedup_ == "first") continue;
      // Two events of a video may have the same seconds, never the same class.
      Clip clip;
      clip.id = fmt::format("{}_{}_{}_{}", event.video, event.start, event.end, event.label);
      clip.split = split;
      clip.group = event.video;
      clip.label = event.label;
      clip.start = event.start;
      clip.end = event.end;
      if (event.start == event.end) clip.left_out = "is an event of no length";
      clips.push_back(std::move(clip));
    }
  }

  // A folder of stills mixes the events of its video: where a video has several, its file tells them apart.
  void find_all_media(std::vector<Clip>& clips, const std::vector<fs::path>& roots) const {
    std::map<std::string, std::set<std::pair<int64_t, int64_t>>> events;
    for (const Clip& clip : clips) {
      if (clip.left_out.empty()) events[clip.group].insert({*clip.start, *clip.end});
    }
    int64_t mixed = 0;
    for (Clip& clip : clips) {
      ClipPlaces places;
      for (const fs::path& root : roots) {
        places.videos.push_back(root / "AVE" / (clip.group + ".mp4"));
        places.pictures.push_back(root / "Image-01-FPS-SE" / clip.group);
      }
      const bool several = events[clip.group].size() > 1;
      find_media(clip, places, options_.videos_only() || several, 1);
      if (several && !clip.visual.problem.empty() && !options_.videos_only()) {
        find_media(clip, places, false, 1);
        if (clip.visual.problem.empty()) ++mixed;
      }
    }
    if (mixed > 0) {
      log_warning(
          fmt::format("{} clips have the stills of several events of their video, because the video itself is "
                      "not there",
                      mixed));
    }
  }

  // The official split is by event, not by video.
  static void report_leakage(const std::vector<Clip>& clips) {
    std::map<std::string, std::set<std::string>> videos;  // split -> its videos
    for (const Clip& clip : clips) videos[clip.split].insert(clip.group);
    for (const char* split : {"val", "test"}) {
      int64_t shared = 0;
      for (const std::string& video : videos[split]) shared += videos["train"].contains(video) ? 1 : 0;
      if (shared == 0) continue;
      log_warning(
          fmt::format("{} videos are in train and in {}: the official split is by event, so the score of {} "
                      "is a little too good",
                      shared, split, split));
    }
  }

  ClipOptions options_;
  std::string dedup_ = "none";
};

}  // namespace

std::unique_ptr<Importer> make_ave_importer() { return std::make_unique<AveImporter>(); }

}  // namespace pdmp::data

// What the loader hands out in a second, as JSON, from data like CREMA-D's that it makes itself: a JPEG of 480x360 and
// a 16 kHz recording of 2.5 s a sample, and clips of 10 s, 320x240, with sound.
//
//   pdmp_loader_benchmark DIR [--workers N] [--samples N] [--seconds S]
//   pdmp_loader_benchmark DIR --memory ROWS [--workers N]     resident memory while 1,000 of ROWS samples are loaded
//
// DIR keeps the media; benchmarks/compare/loader.py runs this and a Python loader on them in turn.
#include <algorithm>
#include <chrono>
#include <ctime>
#include <fmt/format.h>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/files/file.h"
#include "base/text/option_names.h"
#include "cli/arguments.h"
#include "data/cache/sample_cache.h"
#include "data/decode/ffmpeg.h"
#include "data/encode/encode_jpeg.h"
#include "data/manifest/manifest.h"
#include "made_up_media.h"
#include "pdmp/dataset.h"
#include "pdmp/error.h"
#include "pdmp/memory.h"
#include "support/media/encode_video.h"
#include "support/media/encode_wav.h"
#include "support/media/tensors.h"

namespace {

using namespace pdmp;
using nlohmann::json;
namespace fs = std::filesystem;

constexpr int64_t kClips = 8, kClipRows = 32, kBatch = 64, kCacheLimit = int64_t{8} << 30;

struct Settings {
  fs::path directory;
  int64_t workers = 2, samples = 256, memory_rows = 0;
  double seconds = 3;
};

Tensor clip_frames() {
  constexpr int64_t kFrames = 250, kHeight = 240, kWidth = 320;
  const Tensor background = scene(kHeight, kWidth);
  Tensor frames = torch::empty({kFrames, kHeight, kWidth, 3}, torch::kUInt8);
  for (int64_t t = 0; t < kFrames; ++t) frames[t].copy_(as_bytes(background.roll(t, 1)));
  return frames;
}

fs::path media_file(const Settings& settings, const char* kind, int64_t index) {
  return settings.directory / fmt::format("{}{:04}.{}", kind, index,
                                          kind[0] == 'p'   ? "jpg"
                                          : kind[0] == 's' ? "wav"
                                                           : "mp4");
}

void make_media(const Settings& settings) {
  make_directories(settings.directory);
  for (int64_t i = 0; i < settings.samples; ++i) {
    if (fs::exists(media_file(settings, "sound", i))) continue;
    torch::manual_seed(i);
    write_jpeg(media_file(settings, "picture", i), as_bytes(scene(360, 480)));
    write_wav(media_file(settings, "sound", i), sound(2.5, 16000), 16000);
  }
  for (int64_t i = 0; i < kClips; ++i) {
    for (const auto& [kind, interval] : {std::pair("clip", 12), std::pair("long", 250)}) {
      if (fs::exists(media_file(settings, kind, i))) continue;
      torch::manual_seed(i);
      VideoEncoding encoding;
      encoding.audio = sound(10, 16000);
      encoding.keyframe_interval = interval;
      write_video(media_file(settings, kind, i), clip_frames(), encoding);
    }
  }
}

// A data set of `rows` rows. Several rows may name the same media file; media lie outside the data set's folder.
std::shared_ptr<const data::Manifest> make_set(const Settings& settings, const std::string& name, int64_t rows,
                                               const json& modalities) {
  const fs::path folder = settings.directory / name;
  make_directories(folder);
  std::ofstream table(folder / "metadata.csv");
  table << "id,split,label,picture,sound,clip,long\n";
  for (int64_t i = 0; i < rows; ++i) {
    const int64_t sample = i % settings.samples, clip = i % kClips;
    table << fmt::format("{},train,{},{},{},{},{}\n", i, i % 6, media_file(settings, "picture", sample).string(),
                         media_file(settings, "sound", sample).string(), media_file(settings, "clip", clip).string(),
                         media_file(settings, "long", clip).string());
  }
  table.close();
  write_file_atomically(folder / "dataset.json", json{{"name", name}, {"modalities", modalities}}.dump());
  return std::make_shared<const data::Manifest>(data::read_manifest(folder, 0));
}

const json kPictureAndSound = {
    {{"name", "picture"}, {"type", "image"}, {"column", "picture"}, {"root", ".."}, {"size", 224}},
    {{"name", "sound"}, {"type", "audio"}, {"column", "sound"}, {"root", ".."}, {"profile", "log_stft_cremad"}}};

json clips(const char* column) {
  return {{{"name", "clip"}, {"type", "frames"}, {"column", column}, {"root", ".."}, {"frames", 3}, {"size", 224}}};
}

LoaderOptions loader_options(const Settings& settings, bool training) {
  LoaderOptions options;
  options.batch_size = kBatch;
  options.shuffle = options.augment = training;
  options.workers = settings.workers;
  return options;
}

// Nothing is kept in memory; epoch 0, which fills `cache` where there is one, does not count.
double samples_per_second(const Settings& settings, const std::shared_ptr<const data::Manifest>& manifest,
                          bool training, const std::shared_ptr<data::SampleCache>& cache) {
  using Clock = std::chrono::steady_clock;
  Loader loader(data::open_split(manifest, "train", {}, 0, 0, cache), loader_options(settings, training));
  int64_t samples = 0;
  double seconds = 0;
  for (int64_t epoch = 0; epoch == 0 || seconds < settings.seconds; ++epoch) {
    const auto start = Clock::now();
    loader.start_epoch(epoch);
    int64_t loaded = 0;
    while (const auto batch = loader.next()) loaded += batch->size();
    if (epoch == 0) {
      if (cache) cache->commit();
      continue;
    }
    samples += loaded;
    seconds += std::chrono::duration<double>(Clock::now() - start).count();
  }
  return static_cast<double>(samples) / seconds;
}

json measure_speed(const Settings& settings) {
  const auto samples = make_set(settings, "samples", settings.samples, kPictureAndSound);
  const auto cache = std::make_shared<data::SampleCache>(settings.directory / "cache", kCacheLimit);
  const bool h264 = avcodec_find_encoder_by_name("libx264") != nullptr;
  return {{"media_training", samples_per_second(settings, samples, true, nullptr)},
          {"cache_training", samples_per_second(settings, samples, true, cache)},
          {"cache_evaluation", samples_per_second(settings, samples, false, cache)},
          {"video_keyframes_12",
           samples_per_second(settings, make_set(settings, "clip", kClipRows, clips("clip")), false, nullptr)},
          {"video_keyframes_250",
           samples_per_second(settings, make_set(settings, "long", kClipRows, clips("long")), false, nullptr)},
          {"video_codec", h264 ? "H.264" : "MPEG-4 (this FFmpeg has no libx264)"},
          {"workers", settings.workers},
          {"samples", settings.samples}};
}

// Pages of files, which the system may drop, are resident and not anonymous.
struct Memory {
  int64_t resident = 0, anonymous = 0;  // bytes
};

Memory memory_now() {
  std::ifstream status("/proc/self/statm");
  int64_t whole = 0, resident = 0, of_files = 0;
  status >> whole >> resident >> of_files;
  return {resident * 4096, (resident - of_files) * 4096};
}

// Until the workers have made all the batches they make ahead: this process uses a tenth of a CPU at most.
void wait_for_workers() {
  constexpr auto kLook = std::chrono::milliseconds(50);
  constexpr std::clock_t kIdle = CLOCKS_PER_SEC / 200;
  std::clock_t before = 0;
  do {
    before = std::clock();
    std::this_thread::sleep_for(kLook);
  } while (std::clock() - before > kIdle);
}

// The most while a batch is held, as a training step does, and those ahead of it are there. A single reading would tell
// a batch (50 MB) more or less by chance, and less where the epoch of a small set has just ended.
json measure_memory(const Settings& settings) {
  constexpr int64_t kEnough = 1000;
  const auto manifest =
      make_set(settings, fmt::format("rows{}", settings.memory_rows), settings.memory_rows, kPictureAndSound);
  Loader loader(data::open_split(manifest, "train", {}, 0, 0), loader_options(settings, true));
  loader.start_epoch(0);
  Memory most;
  int64_t loaded = 0;
  while (loaded < kEnough) {
    const auto batch = loader.next();
    if (!batch) break;
    loaded += batch->size();
    wait_for_workers();
    const Memory now = memory_now();
    most = {std::max(most.resident, now.resident), std::max(most.anonymous, now.anonymous)};
  }
  return {{"rows", settings.memory_rows}, {"resident_bytes", most.resident}, {"anonymous_bytes", most.anonymous}};
}

void run(const std::vector<std::string>& args) {
  Settings settings;
  OptionList list;
  list.add("workers", &settings.workers, "Threads that decode.").at_least(0).at_most(256);
  list.add("samples", &settings.samples, "Samples of the data set.").at_least(2);
  list.add("seconds", &settings.seconds, "Length of one measurement.").above(0);
  list.add("memory", &settings.memory_rows, "Measure resident memory with that many samples instead; 0: speed.")
      .at_least(0);
  const cli::CommandHelp help{.name = "pdmp_loader_benchmark",
                              .summary = "Samples a second, or resident memory, as JSON.",
                              .example = "pdmp_loader_benchmark media --workers 2",
                              .argument = "DIR",
                              .argument_help = "Folder for the media; what is there is used.",
                              .min_arguments = 1,
                              .max_arguments = 1};
  std::vector<std::string> words;
  if (!cli::parse_arguments(list, args, help, std::cout, &words)) return;
  settings.directory = fs::absolute(words[0]);
  if (settings.memory_rows == 0) keep_freed_memory();  // as the program does
  make_media(settings);
  std::cout << (settings.memory_rows > 0 ? measure_memory(settings) : measure_speed(settings)).dump() << std::endl;
}

}  // namespace

int main(int count, char** arguments) {
  try {
    run({arguments + 1, arguments + count});
    return 0;
  } catch (const Error& error) {
    std::cerr << with_flags(error.what()) << std::endl;
    return exit_code(error.kind());
  }
}

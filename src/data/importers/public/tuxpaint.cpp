// Tux Paint's stamps (Debian: tuxpaint-stamps-default, GPL-2): picture, spoken caption and written caption of objects.
#include <ATen/ops/full.h>
#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <mutex>
#include <utility>

#include "base/files/file.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/signal.h"
#include "data/decode/image/image.h"
#include "data/encode/encode_png.h"
#include "data/features/resize.h"
#include "data/importers/public/tuxpaint_stamps.h"
#include "data/importers/shared/importers.h"
#include "data/importers/shared/output.h"
#include "data/loader/parallel.h"
#include "data/manifest/stratified.h"
#include "data/tables/csv.h"
#include "data/types/tensors.h"
#include "pdmp/error.h"
#include "pdmp/random.h"
#include "pdmp/tensor.h"

namespace pdmp::data {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLicence =
    "The pictures, recordings and captions in this folder are those of Tux Paint's stamps, copyright 2002-2022 Bill\n"
    "Kendrick and contributors. Pictures were scaled and laid on white, recordings are unchanged. They may be used\n"
    "and passed on under the GNU General Public License, version 2 or (at your option) any later version; on Debian "
    "its\n"
    "text is /usr/share/common-licenses/GPL-2.\n";

constexpr double kMaxUndecodable = 0.01;

struct Options {
  StampSelection selection;
  int64_t picture_size = 96;
  std::string recordings = "all";
  double val = 0.1, test = 0.15;  // of a few hundred objects: what is not trained on is missed more than it measures
  int64_t seed = 0;
  bool overwrite = false;
};

// A picture on the middle of a white square whose side is `size`.
Tensor square_picture(const fs::path& file, int64_t size) {
  const Tensor picture = tensor_of(decode_image(file));
  const int64_t height = picture.size(0), width = picture.size(1), longest = std::max(height, width);
  const auto scaled = [&](int64_t edge) { return std::max<int64_t>(1, (edge * size + longest / 2) / longest); };
  const Tensor small = resize(picture, scaled(height), scaled(width));
  Tensor square = at::full({size, size, 3}, 255, at::kByte);
  const int64_t top = (size - small.size(0)) / 2, left = (size - small.size(1)) / 2;
  square.narrow(0, top, small.size(0)).narrow(1, left, small.size(1)).copy_(small);
  return square;
}

fs::path picture_name(const Stamp& stamp) { return "pictures/" + stamp.name + ".png"; }

fs::path speech_name(const Stamp& stamp, const std::string& language) {
  return "speech/" + stamp.name + "_" + language + stamp.speech.at(language).extension().string();
}

void copy_media(const fs::path& from, const fs::path& to) {
  std::error_code code;
  fs::copy_file(from, to, fs::copy_options::overwrite_existing, code);
  if (code) {
    throw Error(ErrorKind::io, fmt::format("cannot copy '{}' to '{}': {}", from.string(), to.string(), code.message()));
  }
}

// Pictures and recordings into the output; who knows which would not decode says so in `failed`.
std::vector<std::string> write_media_of(const std::vector<Stamp>& stamps, const ImporterOutput& output, int64_t size) {
  Progress progress("stamps", static_cast<int64_t>(stamps.size()), "object");
  std::mutex mutex;
  std::map<std::string, std::string> failed;  // name -> reason
  for_each_parallel(static_cast<int64_t>(stamps.size()), default_workers(), progress, [&](int64_t i) {
    if (interrupted()) {
      throw Error(ErrorKind::interrupted,
                  "stopped while preparing the stamps; the same command goes on where it stopped");
    }
    const Stamp& stamp = stamps[static_cast<size_t>(i)];
    std::string reason;
    try {
      output.make(picture_name(stamp),
                  [&](const fs::path& file) { write_png(file, pixels_of(square_picture(stamp.picture, size))); });
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::data) throw;
      reason = error.what();
    }
    for (const auto& [language, file] : stamp.speech) {
      output.make(speech_name(stamp, language), [&, &from = file](const fs::path& to) { copy_media(from, to); });
    }
    if (reason.empty()) return;
    const std::lock_guard lock(mutex);
    failed[stamp.name] = reason;
  });
  std::vector<std::string> names, reasons;
  for (const auto& [name, reason] : failed) {
    names.push_back(name);
    if (reasons.size() < 5) reasons.push_back(reason);
  }
  if (names.empty()) return names;
  const std::string text = fmt::format("{} of {} pictures do not decode and are left out: {}", names.size(),
                                       stamps.size(), fmt::join(reasons, "; "));
  if (static_cast<double>(names.size()) > kMaxUndecodable * static_cast<double>(stamps.size())) {
    throw Error(ErrorKind::data, fmt::format("{}; more than 1 %, so the folder of stamps seems damaged", text));
  }
  log_warning(text);
  return names;
}

// By object: near copies on one side, every class with its share on each.
std::vector<std::string> choose_splits(const std::vector<Stamp>& stamps, const std::vector<std::string>& classes,
                                       const Options& options) {
  std::vector<std::string> splits(stamps.size(), "train");
  double left = 1;
  for (const auto& [split, share] : {std::pair("test", options.test), std::pair("val", options.val)}) {
    std::vector<size_t> positions;
    std::vector<int64_t> labels;
    std::vector<std::string> groups;
    for (size_t i = 0; i < stamps.size(); ++i) {
      if (splits[i] != "train") continue;
      positions.push_back(i);
      labels.push_back(std::find(classes.begin(), classes.end(), stamps[i].category) - classes.begin());
      groups.push_back(stamps[i].group);
    }
    RandomStream random = random_stream(static_cast<uint64_t>(options.seed), fmt::format("tuxpaint/{}", split));
    const auto chosen = stratified_subset(labels, groups, share / left, random);
    for (size_t i = 0; i < positions.size(); ++i) {
      if (chosen[i]) splits[positions[i]] = split;
    }
    left -= share;
  }
  return splits;
}

// The languages an object is a sample in: all, or one that its name decides.
std::vector<std::string> choose_languages(const Stamp& stamp, bool all, int64_t seed) {
  std::vector<std::string> languages;
  for (const auto& [language, file] : stamp.speech) languages.push_back(language);
  if (languages.empty()) return {""};
  if (all) return languages;
  RandomStream random = random_stream(static_cast<uint64_t>(seed), "tuxpaint/language/" + stamp.name);
  return {languages[static_cast<size_t>(random.integer(0, static_cast<int64_t>(languages.size()) - 1))]};
}

nlohmann::json dataset_json(const std::vector<std::string>& classes) {
  return {{"name", "tuxpaint"},
          {"classes", classes},
          {"modalities",
           {{{"name", "picture"},
             {"type", "image"},
             {"column", "picture_file_name"},
             {"size", 64},
             // An object fills its picture: smaller crops would show a part of it.
             {"augment", {{"min_scale", 0.6}}}},
            {{"name", "speech"}, {"type", "audio"}, {"column", "speech_file_name"}, {"profile", "log_mel_2s"}},
            {{"name", "caption"}, {"type", "text"}, {"column", "caption"}, {"max_bytes", 128}}}}};
}

class TuxpaintImporter : public Importer {
 public:
  void describe(OptionList& list) override {
    list.add("min-objects", &options_.selection.min_objects, "Classes (top folders) with fewer objects are left out.")
        .at_least(1);
    list.add("alphabets", &options_.selection.alphabets, "Also the letters, which are near copies of each other.");
    list.add("picture-size", &options_.picture_size, "Side of the square pictures, in pixels.")
        .at_least(8)
        .at_most(1024);
    list.add("recordings", &options_.recordings,
             "Samples of an object in training: all its recordings, or one. Validation and test have one.")
        .one_of({"all", "one"});
    list.add("val", &options_.val, "Share of the objects for validation.").above(0).at_most(0.5);
    list.add("test", &options_.test, "Share of the objects for the test.").above(0).at_most(0.5);
    list.add("seed", &options_.seed, "Seed of the split and of the languages.").at_least(0);
    list.add("overwrite", &options_.overwrite, "Replace a data set made with other settings.");
  }

  void run(const fs::path& raw, const fs::path& out) override {
    if (options_.val + options_.test >= 1) {
      throw Error(ErrorKind::usage, "`val` and `test`: expected shares that leave something for training");
    }
    const ImporterOutput output(out, settings(raw), options_.overwrite);
    if (output.is_done_already()) return;
    std::vector<Stamp> stamps = find_stamps(raw, options_.selection);
    const auto failed = write_media_of(stamps, output, options_.picture_size);
    std::erase_if(stamps,
                  [&](const Stamp& stamp) { return std::binary_search(failed.begin(), failed.end(), stamp.name); });
    write_tables(stamps, output);
  }

 private:
  nlohmann::json settings(const fs::path& raw) const {
    return {{"importer", "tuxpaint"},
            {"raw", raw.string()},
            {"min_objects", options_.selection.min_objects},
            {"alphabets", options_.selection.alphabets},
            {"picture_size", options_.picture_size},
            {"recordings", options_.recordings},
            {"val", options_.val},
            {"test", options_.test},
            {"seed", options_.seed}};
  }

  void write_tables(const std::vector<Stamp>& stamps, const ImporterOutput& output) const {
    std::vector<std::string> classes;  // sorted, as the stamps are
    for (const Stamp& stamp : stamps) {
      if (classes.empty() || classes.back() != stamp.category) classes.push_back(stamp.category);
    }
    const std::vector<std::string> splits = choose_splits(stamps, classes, options_);
    std::string csv =
        csv_record({"id", "split", "label", "group", "language", "picture_file_name", "speech_file_name", "caption"});
    Counts counts;
    for (size_t i = 0; i < stamps.size(); ++i) {
      const Stamp& stamp = stamps[i];
      const bool all = splits[i] == "train" && options_.recordings == "all";
      ++counts[stamp.category][splits[i]].first;
      for (const std::string& language : choose_languages(stamp, all, options_.seed)) {
        ++counts[stamp.category][splits[i]].second;
        csv += csv_record({language.empty() ? stamp.name : stamp.name + ":" + language, splits[i], stamp.category,
                           stamp.group, language, picture_name(stamp).generic_string(),
                           language.empty() ? "" : speech_name(stamp, language).generic_string(), stamp.caption});
      }
    }
    write_file_atomically(output.directory() / "LICENCE", kLicence);
    write_file_atomically(output.directory() / "metadata.csv", csv);
    output.finish(dataset_json(classes));
    report(counts);
  }

  // class -> split -> (objects, samples)
  using Counts = std::map<std::string, std::map<std::string, std::pair<int64_t, int64_t>>>;

  static void report(const Counts& counts) {
    std::map<std::string, std::pair<int64_t, int64_t>> sums;
    log_info(fmt::format("{:<12}{:>20}{:>8}{:>8}", "objects", "train (samples)", "val", "test"));
    const auto line = [](const std::string& name, const auto& splits) {
      const auto of = [&](const char* split) {
        const auto found = splits.find(split);
        return found == splits.end() ? std::pair<int64_t, int64_t>() : found->second;
      };
      log_info(fmt::format("{:<12}{:>20}{:>8}{:>8}", name,
                           fmt::format("{} ({})", of("train").first, of("train").second), of("val").first,
                           of("test").first));
    };
    for (const auto& [name, splits] : counts) {
      line(name, splits);
      for (const auto& [split, count] : splits) {
        sums[split].first += count.first;
        sums[split].second += count.second;
      }
    }
    line("all", sums);
  }

  Options options_;
};

}  // namespace

std::unique_ptr<Importer> make_tuxpaint_importer() { return std::make_unique<TuxpaintImporter>(); }

}  // namespace pdmp::data

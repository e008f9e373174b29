// Public data sets from their download to a finished run: prepare and train, as a user types them.
#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <ostream>
#include <utility>

#include "base/files/file.h"
#include "cli/trained_run.h"
#include "data/importers/ave_miniature.h"
#include "data/importers/cefa_miniature.h"
#include "data/importers/crema_d_miniature.h"
#include "data/importers/kinetics_sounds_miniature.h"
#include "data/importers/ucf101_miniature.h"
#include "data/importers/vggsound_miniature.h"
#include "pdmp/run.h"

namespace pdmp::testing {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;
using Modalities = std::vector<std::pair<std::string, std::string>>;  // name, type

struct PublicSet {
  std::string importer;
  void (*make)(const fs::path& raw) = nullptr;
  Words prepare;  // flags
  Modalities modalities;
  size_t classes = 0;
  // A number and its class: leaving out classes without clips, or another order, would change it.
  std::pair<size_t, std::string> one_class;
  int64_t test_samples = 0;
  Words pdmp;  // flags of a ranking or of factors by hand, so that no modality is trained alone
};

// What tests are called in the list of ctest.
void PrintTo(const PublicSet& set, std::ostream* out) { *out << set.importer; }

void make_cefa(const fs::path& raw) { write_cefa_miniature(raw); }

// Pictures come out of the videos, flow out of its folders.
void make_ucf101(const fs::path& raw) {
  write_ucf101_lists(raw / "ucfTrainTestlist");
  write_ucf101_two_stream(raw);
  fs::remove_all(raw / "jpegs_256");
  write_ucf101_videos(raw);
}

Words manual(const std::string& best, const std::string& first) {
  return {"--analysis.criterion",
          "manual",
          "--analysis.performance-dominant",
          best,
          "--analysis.optimization-dominant",
          first};
}

const std::vector<PublicSet>& public_sets() {
  const Modalities sound = {{"audio", "audio"}, {"visual", "frames"}};
  const Words ranked = manual("visual", "audio");
  static const std::vector<PublicSet> sets = {
      {"crema_d", write_crema_d, {}, sound, 6, {5, "ANG"}, 6, ranked},
      {"ave", write_ave, {}, sound, 28, {17, "Banjo"}, 3, ranked},
      {"kinetics_sounds", write_kinetics_folders, {"--classes", "ks33"}, sound, 33, {17, "finger snapping"}, 4, ranked},
      {"vggsound", write_vggsound_videos, {}, sound, 309, {308, "zebra braying"}, 3, ranked},
      {"cefa",
       make_cefa,
       {},
       {{"rgb", "image"}, {"depth", "image"}, {"ir", "image"}},
       2,
       {1, "attack"},
       12,
       {"--pdmp.coefficients", "rgb=2,depth=0.5,ir=1"}},
      {"ucf101",
       make_ucf101,
       {},
       {{"rgb", "frames"}, {"flow", "flow"}},
       101,
       {35, "HammerThrow"},
       8,
       manual("rgb", "flow")}};
  return sets;
}

std::vector<PublicSet> sets_called(const Words& importers) {
  std::vector<PublicSet> chosen;
  for (const PublicSet& set : public_sets()) {
    if (std::find(importers.begin(), importers.end(), set.importer) != importers.end()) chosen.push_back(set);
  }
  return chosen;
}

std::string name_of(const ::testing::TestParamInfo<PublicSet>& info) { return info.param.importer; }

class PublicSets : public ::testing::TestWithParam<PublicSet> {
 protected:
  void prepare(const fs::path& raw, const std::string& out) const {
    Words args = {GetParam().importer, "--raw", raw.string(), "--out", (directory_ / out).string()};
    args.insert(args.end(), GetParam().prepare.begin(), GetParam().prepare.end());
    call(cli::prepare_command, args);
  }

  // One epoch with the smallest encoders; returns the run directory.
  fs::path train(const std::string& data, const std::string& run, const Words& more) const {
    std::string encoders;
    for (const auto& [name, type] : GetParam().modalities) {
      encoders += fmt::format("{}{}=resnet18:width=4", encoders.empty() ? "" : ",", name);
    }
    Words args = {"--data",       (directory_ / data).string(),
                  "--run",        (directory_ / run).string(),
                  "--encoders",   encoders,
                  "--epochs",     "1",
                  "--batch-size", "4",
                  "--threads",    "1",
                  "--log-every",  "1",
                  "--lr",         "0.002"};
    args.insert(args.end(), more.begin(), more.end());
    call(cli::train_command, args);
    return directory_ / run;
  }

  const TemporaryDirectory directory_;
};

class PublicSetsInAnyOrder : public PublicSets {};

void expect_finite_losses(const fs::path& metrics) {
  std::istringstream lines(read_file(metrics));
  size_t losses = 0;
  for (std::string line; std::getline(lines, line);) {
    const nlohmann::json entry = nlohmann::json::parse(line);
    for (const auto& [key, value] : entry.items()) {
      if (!key.starts_with("loss/") && !key.ends_with("/loss")) continue;
      ++losses;
      ASSERT_TRUE(value.is_number()) << line;  // what is not finite is written as null
      EXPECT_TRUE(std::isfinite(value.get<double>())) << line;
    }
  }
  EXPECT_GT(losses, 0u) << metrics;
}

void expect_model_of(const PublicSet& set, const fs::path& run) {
  const nlohmann::json model = read_json(run / "model.json");
  Modalities modalities;
  for (const nlohmann::json& entry : model.at("modalities"))
    modalities.emplace_back(entry.at("name"), entry.at("type"));
  EXPECT_EQ(modalities, set.modalities);
  ASSERT_EQ(model.at("classes").size(), set.classes);
  EXPECT_EQ(model.at("classes").at(set.one_class.first), set.one_class.second);
}

void expect_run_of(const PublicSet& set, const fs::path& run, const std::string& method) {
  SCOPED_TRACE(set.importer + ", " + method);
  ASSERT_TRUE(fs::exists(run / "summary.json"));
  const TrainingRun summary = read_summary(run);
  EXPECT_EQ(summary.method, method);
  EXPECT_EQ(summary.epochs, 1);
  ASSERT_TRUE(summary.test);
  EXPECT_EQ(summary.test->n, set.test_samples);
  // For --gtest_output=xml; a handful of samples after one epoch say nothing about a method.
  ::testing::Test::RecordProperty(method + "_test_loss", fmt::format("{:.3f}", summary.test->loss()));
  ::testing::Test::RecordProperty(method + "_seconds", fmt::format("{:.1f}", summary.seconds));
  EXPECT_FALSE(fs::exists(run / "unimodal")) << "a modality was trained alone";
  expect_finite_losses(run / "metrics.jsonl");
  expect_model_of(set, run);
}

TEST_P(PublicSets, ArePreparedAndTrained) {
  GetParam().make(directory_ / "raw");
  prepare(directory_ / "raw", "data");
  expect_run_of(GetParam(), train("data", "joint", {"--method", "joint", "--workers", "0"}), "joint");
  Words pdmp = {"--method", "pdmp", "--workers", "2"};
  pdmp.insert(pdmp.end(), GetParam().pdmp.begin(), GetParam().pdmp.end());
  expect_run_of(GetParam(), train("data", "pdmp", pdmp), "pdmp");
}

// The same files, written last to first: file systems list a folder in the order they like.
void copy_backwards(const fs::path& from, const fs::path& to) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(from)) {
    if (entry.is_regular_file()) files.push_back(entry.path().lexically_relative(from));
  }
  std::sort(files.rbegin(), files.rend());
  for (const fs::path& file : files) {
    fs::create_directories((to / file).parent_path());
    fs::copy_file(from / file, to / file);
  }
}

TEST_P(PublicSetsInAnyOrder, GiveTheSamePredictions) {
  GetParam().make(directory_ / "raw");
  copy_backwards(directory_ / "raw", directory_ / "backwards");
  prepare(directory_ / "raw", "data");
  prepare(directory_ / "backwards", "data_backwards");
  const Words joint = {"--method", "joint", "--workers", "0"};
  const std::string predictions = read_file(train("data", "run", joint) / "predictions.csv");
  EXPECT_GT(std::count(predictions.begin(), predictions.end(), '\n'), GetParam().test_samples);
  EXPECT_EQ(read_file(train("data_backwards", "run_backwards", joint) / "predictions.csv"), predictions);
}

INSTANTIATE_TEST_SUITE_P(Importers, PublicSets, ::testing::ValuesIn(public_sets()), name_of);

// One by lists, two by what folders hold.
INSTANTIATE_TEST_SUITE_P(Importers, PublicSetsInAnyOrder,
                         ::testing::ValuesIn(sets_called({"crema_d", "kinetics_sounds", "cefa"})), name_of);

}  // namespace
}  // namespace pdmp::testing

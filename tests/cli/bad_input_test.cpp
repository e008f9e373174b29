// What the program says to bad input: exit status 2 for usage, 1 for data, one line on stderr, nothing half-written.
#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits>

#include "cli/program.h"
#include "cli/toy_data.h"
#include "support/npy.h"
#include "support/png.h"
#include "support/temporary_directory.h"

namespace pdmp::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
namespace fs = std::filesystem;

class BadInput : public ::testing::Test {
 protected:
  TemporaryDirectory directory_;
  fs::path data_ = directory_ / "data", run_ = directory_ / "run";

  // `pdmp train` on data_ into run_.
  ProgramResult train(const std::vector<std::string>& more = {}, const std::string& before = "") {
    std::vector<std::string> args = {"train", "--data",       data_.string(), "--run", run_.string(), "--threads",
                                     "1",     "--batch-size", "12",           "--lr",  "0.05",        "--quiet"};
    if (std::find(more.begin(), more.end(), "--epochs") == more.end()) args.insert(args.end(), {"--epochs", "2"});
    args.insert(args.end(), more.begin(), more.end());
    return run_program(args, before);
  }

  // The last line on stderr is the error, the program's own, without a stack trace around it.
  static void expect_failure(const ProgramResult& result, int code, const std::vector<std::string>& words) {
    EXPECT_EQ(result.code, code) << result.error;
    ASSERT_FALSE(result.error.empty());
    const std::string text = result.error.substr(0, result.error.size() - 1);
    const std::string line = text.substr(text.rfind('\n') + 1);
    EXPECT_TRUE(line.starts_with("pdmp: ")) << result.error;
    EXPECT_THAT(line, Not(HasSubstr("c10")));
    for (const std::string& word : words) EXPECT_THAT(line, HasSubstr(word));
  }

  void expect_no_run() { EXPECT_FALSE(fs::exists(run_)) << "left behind after an error that comes before training"; }
  void expect_no_result() {
    EXPECT_FALSE(fs::exists(run_ / "summary.json"));
    for (const auto& entry : fs::recursive_directory_iterator(directory_.path())) {
      EXPECT_NE(entry.path().extension(), ".tmp") << entry.path();
    }
  }

  void overwrite(const std::string& name, const std::string& content) const {
    std::ofstream(data_ / name, std::ios::binary) << content;
  }
};

// What is wrong with metadata.csv or dataset.json.

TEST_F(BadInput, MissingDataSet) {
  expect_failure(train(), 1, {data_.string(), "dataset.json"});
  expect_no_run();
}

TEST_F(BadInput, MissingFile) {
  write_toy_data(data_, 8, {"caption", "picture"});
  fs::remove(data_ / "picture/train0.png");
  expect_failure(train(), 1, {"picture", "picture/train0.png"});
  expect_no_run();
}

TEST_F(BadInput, UnknownColumn) {
  ToyData data = write_toy_data(data_);
  data.write(data_);
  overwrite("dataset.json",
            R"({"name": "toy", "modalities": [{"name": "caption", "type": "text", "column": "captoin"}]})");
  expect_failure(train(), 1, {"captoin", "metadata.csv", "caption"});
  expect_no_run();
}

TEST_F(BadInput, DuplicateId) {
  ToyData data = write_toy_data(data_);
  data.rows[4].id = data.rows[1].id;
  data.write(data_);
  expect_failure(train(), 1, {"metadata.csv:6", "train1", "line 3"});
  expect_no_run();
}

TEST_F(BadInput, LabelOutsideTheClassList) {
  ToyData data = write_toy_data(data_);
  data.rows[2].label = "bleu";
  data.write(data_);
  expect_failure(train(), 1, {"metadata.csv:4", "'bleu'", "red, green, blue"});
  expect_no_run();
}

// Not an error: the class is told, and the sample stays where something can be learnt from it.
TEST_F(BadInput, ClassWithOneSampleIsNamed) {
  ToyData data = write_toy_data(data_);
  std::erase_if(data.rows, [](const ToyRow& row) { return row.label == "blue" && row.id != "train2"; });
  data.write(data_);
  const ProgramResult result = train();
  EXPECT_EQ(result.code, 0) << result.error;
  EXPECT_THAT(result.error, HasSubstr("pdmp: warning: "));
  EXPECT_THAT(result.error, HasSubstr("single sample"));
  EXPECT_THAT(result.error, HasSubstr(": blue\n"));
}

TEST_F(BadInput, SplitWithoutSamples) {
  ToyData data = write_toy_data(data_);
  std::erase_if(data.rows, [](const ToyRow& row) { return row.split == "train"; });
  data.write(data_);
  expect_failure(train(), 1, {"train", "no sample"});
  expect_no_run();
}

TEST_F(BadInput, EvaluationOfASplitWithoutSamples) {
  ToyData data = write_toy_data(data_);
  std::erase_if(data.rows, [](const ToyRow& row) { return row.split == "test"; });
  data.write(data_);
  ASSERT_EQ(train().code, 0);
  expect_failure(run_program({"evaluate", "--run", run_.string()}), 2, {"--split test", "no such samples"});
}

// Media that do not decode: one of 24 is above the limit of 1 %.

TEST_F(BadInput, TruncatedPng) {
  write_toy_data(data_, 8, {"caption", "picture"});
  fs::resize_file(data_ / "picture/train5.png", 300);
  expect_failure(train(), 1, {"picture", "train5.png", "--max-undecodable"});
  expect_no_result();
}

TEST_F(BadInput, EmptyFile) {
  write_toy_data(data_, 8, {"caption", "picture"});
  overwrite("picture/train5.png", "");
  expect_failure(train(), 1, {"picture", "train5.png", "empty"});
  expect_no_result();
}

TEST_F(BadInput, HeaderOfAnEnormousPicture) {
  write_toy_data(data_, 8, {"caption", "picture"});
  overwrite("picture/train5.png", png(30000, 30000, std::string(90000, '\x7f')));
#ifdef __SANITIZE_ADDRESS__
  const std::string limit;  // the sanitizer itself takes terabytes of address space
#else
  const std::string limit = "ulimit -v 4000000";  // kB, a fraction of what the whole picture would need
#endif
  expect_failure(train({}, limit), 1, {"picture", "train5.png", "30000"});
  expect_no_result();
}

TEST_F(BadInput, TruncatedOgg) {
  const std::string golden = PDMP_GOLDEN_DIR "/media/tone.ogg";
  std::string table = "id,split,label,speech_file_name\n";
  fs::create_directories(data_);
  for (int i = 0; i < 12; ++i) {
    const std::string name = "tone" + std::to_string(i) + ".ogg";
    fs::copy_file(golden, data_ / name);
    table += std::to_string(i) + (i < 8 ? ",train," : ",test,") + (i % 2 == 0 ? "a," : "b,") + name + "\n";
  }
  overwrite("metadata.csv", table);
  overwrite("dataset.json", R"({"name": "tones", "modalities": [
      {"name": "speech", "type": "audio", "column": "speech_file_name", "profile": "log_mel_2s"}]})");
  fs::resize_file(data_ / "tone3.ogg", fs::file_size(golden) / 2);
  expect_failure(train({"--encoders", "speech=resnet18:width=4"}), 1, {"speech", "tone3.ogg", "--max-undecodable"});
  expect_no_result();
}

TEST_F(BadInput, NanInNpy) {
  write_toy_data(data_, 8, {"caption", "wave"});
  std::vector<float> values(64, 1);
  values[17] = std::numeric_limits<float>::quiet_NaN();
  overwrite("wave/train5.npy", npy("(2, 32)", values));
  expect_failure(train(), 1, {"wave", "train5.npy", "nan"});
  expect_no_result();
}

TEST_F(BadInput, WrongElementTypeOfNpy) {
  write_toy_data(data_, 8, {"caption", "wave"});
  overwrite("wave/train5.npy", npy("<c16", "(2, 32)", std::string(1024, '\0')));
  expect_failure(train(), 1, {"train5.npy", "<c16"});
  expect_no_result();
}

TEST_F(BadInput, WrongShapeOfNpy) {
  write_toy_data(data_, 8, {"caption", "wave"});
  overwrite("wave/train5.npy", npy("(3, 32)", std::vector<float>(96, 1)));
  expect_failure(train(), 1, {"train5.npy", "2, 32", "3, 32"});
  expect_no_result();
}

TEST_F(BadInput, UndecodableBelowTheLimitAreCountedAndFiveNamed) {
  write_toy_data(data_, 8, {"caption", "picture"});
  for (int i = 0; i < 7; ++i) fs::resize_file(data_ / ("picture/train" + std::to_string(i) + ".png"), 300);
  const ProgramResult result = train({"--max-undecodable", "0.5"});
  EXPECT_EQ(result.code, 0) << result.error;
  EXPECT_THAT(result.error, HasSubstr("train: 7 of picture did not decode"));
  EXPECT_THAT(result.error, HasSubstr("train4.png"));
  EXPECT_THAT(result.error, Not(HasSubstr("train5.png")));
  EXPECT_THAT(result.error, HasSubstr("and 2 more"));
}

// Options.

TEST_F(BadInput, GammaBelowOne) {
  write_toy_data(data_);
  expect_failure(train({"--method", "pdmp", "--pdmp.gamma", "0.5"}), 2, {"--pdmp.gamma", "[1, inf)", "0.5"});
  expect_no_run();
}

TEST_F(BadInput, GammaOneAndOneModalityAreJointAndSaySo) {
  write_toy_data(data_);
  std::vector<std::string> args = {"train",    "--data", data_.string(), "--threads", "1",
                                   "--epochs", "1",      "--method",     "pdmp"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), args.begin(), args.end());
    return run_program(more);
  };
  const ProgramResult one = with({"--run", run_.string(), "--pdmp.gamma", "1"});
  EXPECT_EQ(one.code, 0) << one.error;
  EXPECT_THAT(one.error, HasSubstr("pdmp is joint training"));
  const ProgramResult alone = with({"--run", run_.string() + "2", "--modalities", "caption"});
  EXPECT_EQ(alone.code, 0) << alone.error;
  EXPECT_THAT(alone.error, HasSubstr("one modality ('caption'): pdmp is joint training"));
}

// The run directory.

TEST_F(BadInput, DiskFull) {
  write_toy_data(data_, 8, {"caption", "picture"});
  // 64 KiB a file: less than the weights of a checkpoint.
  expect_failure(train({"--encoders", "picture=resnet18:width=8"}, "ulimit -f 64"), 1,
                 {run_.string(), "File too large"});
  expect_no_result();
  EXPECT_FALSE(fs::exists(run_ / "checkpoints/last"));
  EXPECT_EQ(train({"--encoders", "picture=resnet18:width=8", "--resume"}).code, 0) << "room again: the run goes on";
}

TEST_F(BadInput, UnwritableRunDirectory) {
  write_toy_data(data_);
  directory_.write("file", "a regular file");
  const std::string below = (directory_ / "file/run").string();
  expect_failure(train({"--run", below}), 2, {"--run"});  // given twice
  run_ = below;
  expect_failure(train(), 1, {below});
  run_ = "/proc/pdmp-run";  // refused to root too
  expect_failure(train(), 1, {"/proc/pdmp-run"});
}

TEST_F(BadInput, CheckpointCutInHalf) {
  write_toy_data(data_);
  ASSERT_EQ(train({"--epochs", "3"}).code, 0);
  const fs::path weights = run_ / "checkpoints/last/weights.safetensors";
  fs::resize_file(weights, fs::file_size(weights) / 2);
  const ProgramResult result = train({"--epochs", "5", "--resume"});
  EXPECT_EQ(result.code, 0) << result.error;
  EXPECT_THAT(result.error, HasSubstr("warning"));
  EXPECT_THAT(result.error, HasSubstr("checkpoints/last"));
  EXPECT_THAT(result.error, HasSubstr("going on from " + (run_ / "checkpoints/previous").string()));
  EXPECT_TRUE(fs::exists(run_ / "summary.json"));
}

TEST_F(BadInput, ResumeWithAnotherConfiguration) {
  write_toy_data(data_);
  ASSERT_EQ(train().code, 0);
  expect_failure(train({"--resume", "--momentum", "0.5"}), 2, {"--resume", "momentum", "0.9", "0.5"});
  EXPECT_TRUE(fs::exists(run_ / "summary.json")) << "the finished run stays";
}

}  // namespace
}  // namespace pdmp::testing

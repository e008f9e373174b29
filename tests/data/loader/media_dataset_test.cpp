#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/manifest/manifest.h"
#include "pdmp/dataset.h"
#include "pdmp/error.h"
#include "pdmp/torch.h"
#include "support/expect_error.h"
#include "support/npy.h"
#include "support/png.h"
#include "support/temporary_directory.h"

namespace pdmp::data {
namespace {

using ::testing::ElementsAre;
using testing::expect_error;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using testing::TemporaryDirectory;

constexpr const char* kModalities =
    R"([{"name": "v", "type": "vector", "columns": ["x", "y"]}, {"name": "t", "type": "tensor", "column": "file"}])";

// Rows of two numbers and a .npy file each; some files are written.
struct Toy {
  Toy(const std::string& csv, const std::string& missing = "mask") {
    directory.write("dataset.json",
                    std::string(R"({"modalities": )") + kModalities + R"(, "missing": ")" + missing + "\"}");
    directory.write("metadata.csv", "id,split,label,x,y,file\n" + csv);
    for (const char* name : {"a.npy", "b.npy"}) directory.write(name, testing::npy("(3,)", {1, 2, 3}));
    directory.write("cut.npy", testing::npy("(3,)", {1, 2, 3}).substr(0, 90));
    directory.write("long.npy", testing::npy("(4,)", {1, 2, 3, 4}));
  }
  std::shared_ptr<const Dataset> open(const std::string& split, double limit = 0.01,
                                      const std::vector<std::string>& modalities = {}) const {
    return open_split(std::make_shared<const Manifest>(read_manifest(directory.path(), 0)), split, modalities, limit);
  }
  TemporaryDirectory directory;
};

TEST(MediaDataset, ReadsOneSplit) {
  const Toy toy("p,train,dog,1,2,a.npy\nq,test,cat,3,4,b.npy\nr,train,cat,,,\n");
  const auto data = toy.open("train");
  EXPECT_EQ(data->size(), 2);
  EXPECT_EQ(data->id(1), "r");
  EXPECT_EQ(data->label(0), 1);
  EXPECT_EQ(data->modalities()[1].name, "t");
  EXPECT_THAT(data->modalities()[1].shape, ElementsAre(3));
  const Sample sample = data->get(0, nullptr);
  EXPECT_TRUE(sample.inputs[0].equal(torch::tensor({1.f, 2.f})));
  EXPECT_TRUE(sample.inputs[1].equal(torch::tensor({1.f, 2.f, 3.f})));
  const Sample absent = data->get(1, nullptr);
  EXPECT_THAT(absent.present, ElementsAre(false, false));
  EXPECT_TRUE(absent.inputs[1].equal(torch::zeros({3})));
  EXPECT_THAT(data->failures(), SizeIs(0));
}

TEST(MediaDataset, SelectsModalitiesInTheOrderAsked) {
  const Toy toy("p,train,dog,1,2,a.npy\nq,train,cat,3,4,b.npy\n");
  EXPECT_EQ(toy.open("train", 0, {"t"})->modalities()[0].name, "t");
  EXPECT_EQ(select_modalities(toy.open("train"), {"t"})->get(1, nullptr).inputs[0].numel(), 3);
  expect_error(ErrorKind::usage, {"unknown modality 'u'"}, [&] { toy.open("train", 0, {"u"}); });
}

TEST(MediaDataset, ASplitWithoutSamplesSaysWhatThereIs) {
  const Toy toy("p,train,dog,1,2,a.npy\nq,train,cat,3,4,b.npy\n");
  expect_error(ErrorKind::data, {"split 'test' has no samples; samples per split: train (2)"},
               [&] { toy.open("test"); });
}

TEST(MediaDataset, UndecodableCellsAreAbsentAndCounted) {
  const Toy toy("p,train,dog,1,2,a.npy\nq,train,cat,3,4,cut.npy\nr,train,cat,5,nan?,b.npy\ns,train,dog,1,1,long.npy\n");
  const auto data = toy.open("train", 0.5);
  for (int round = 0; round < 2; ++round) {
    const Sample sample = data->get(1, nullptr);
    EXPECT_THAT(sample.present, ElementsAre(true, false));
    EXPECT_TRUE(sample.inputs[1].equal(torch::zeros({3})));
  }
  EXPECT_THAT(data->get(2, nullptr).present, ElementsAre(false, true));
  EXPECT_THAT(data->get(3, nullptr).present, ElementsAre(true, false));  // another shape
  const auto failures = data->failures();
  ASSERT_THAT(failures, SizeIs(3));
  EXPECT_EQ(failures[0].modality, "v");
  EXPECT_EQ(failures[1].path, "cut.npy");
  EXPECT_EQ(failures[2].path, "long.npy");
  EXPECT_THAT(failures[2].reason, HasSubstr("(4)"));
}

TEST(MediaDataset, StopsAboveTheLimit) {
  const Toy toy("p,train,dog,1,2,cut.npy\nq,train,cat,3,4,cut.npy\nr,train,cat,5,6,b.npy\n");
  const auto data = toy.open("train", 0.34);
  EXPECT_FALSE(data->get(0, nullptr).present[1]);
  expect_error(
      ErrorKind::data,
      {"split 'train', modality 't': 2 of 3 cells do not decode, more than the allowed 34 %: metadata.csv:2, sample "
       "'p': '",
       "/cut.npy': expected"},
      [&] { data->get(1, nullptr); });
}

TEST(MediaDataset, MissingFilesCountAtOnce) {
  std::string csv;
  for (int i = 0; i < 10; ++i) {
    csv += fmt::format("{},train,{},1,2,{}\n", i, i % 2 == 0 ? "cat" : "dog",
                       i < 7 ? fmt::format("gone{}.npy", i) : "a.npy");
  }
  const Toy toy(csv);
  expect_error(ErrorKind::data,
               {"split 'train', modality 't': 7 of 10 cells do not decode", "metadata.csv:6, sample '4': '",
                "gone4.npy': no such file; mend"},  // five are named
               [&] { toy.open("train", 0.01); });
  EXPECT_EQ(toy.open("train", 0.01, {"v"})->size(), 10);  // nobody asks for them
  const auto data = toy.open("train", 0.7);
  EXPECT_THAT(data->failures(), SizeIs(7));
  EXPECT_THAT(data->get(0, nullptr).present, ElementsAre(true, false));
}

TEST(MediaDataset, CellsThatNeverChangeAreReadOnce) {
  const Toy toy("p,train,dog,1,2,a.npy\nq,train,cat,3,4,b.npy\n");
  const auto manifest = std::make_shared<const Manifest>(read_manifest(toy.directory.path(), 0));
  const auto kept = open_split(manifest, "train", {}, 1), fresh = open_split(manifest, "train", {}, 1, 0);
  RandomStream random(1);
  for (const auto& data : {kept, fresh}) {
    data->get(0, nullptr);
    data->get(0, &random);
  }
  toy.directory.write("a.npy", testing::npy("(3,)", {7, 8, 9}));
  EXPECT_TRUE(kept->get(0, nullptr).inputs[1].equal(torch::tensor({1.f, 2.f, 3.f})));
  EXPECT_TRUE(kept->get(0, &random).inputs[1].equal(torch::tensor({1.f, 2.f, 3.f})));
  EXPECT_TRUE(fresh->get(0, nullptr).inputs[1].equal(torch::tensor({7.f, 8.f, 9.f})));
}

TEST(MediaDataset, AugmentedCellsChange) {
  TemporaryDirectory directory;
  directory.write("dataset.json", R"({"modalities": [{"name": "p", "type": "image", "column": "file", "size": 8}]})");
  directory.write("metadata.csv", "label,file\na,a.png\nb,a.png\n");
  std::string pixels;
  for (int i = 0; i < 16 * 16 * 3; ++i) pixels += static_cast<char>(i * 37 % 251);
  directory.write("a.png", testing::png(16, 16, pixels));
  const auto data = open_split(std::make_shared<const Manifest>(read_manifest(directory.path(), 0)), "train", {}, 0);
  RandomStream first(1), again(1), other(2);
  const Tensor a = data->get(0, &first).inputs[0];
  EXPECT_TRUE(a.equal(data->get(0, &again).inputs[0]));
  EXPECT_FALSE(a.equal(data->get(0, &other).inputs[0]));
}

// Two modalities of one picture; `more` goes into the entry of the second.
std::shared_ptr<const Dataset> twins(const TemporaryDirectory& directory, const std::string& more) {
  directory.write(
      "dataset.json",
      R"({"modalities": [{"name": "a", "type": "image", "column": "file", "size": 8, "augment_with": "face"},
                                     {"name": "b", "type": "image", "column": "file", "size": 8)" +
          more + "}]}");
  directory.write("metadata.csv", "label,file\na,a.png\nb,a.png\n");
  std::string pixels;
  for (int i = 0; i < 16 * 16 * 3; ++i) pixels += static_cast<char>(i * 37 % 251);
  directory.write("a.png", testing::png(16, 16, pixels));
  return open_split(std::make_shared<const Manifest>(read_manifest(directory.path(), 0)), "train", {}, 0);
}

TEST(MediaDataset, ModalitiesOfAGroupAreAugmentedAlike) {
  const TemporaryDirectory together, apart;
  const auto alike = twins(together, R"(, "augment_with": "face")"), different = twins(apart, "");
  RandomStream random(3), other(3);
  for (int i = 0; i < 5; ++i) {
    const Sample sample = alike->get(0, &random);
    EXPECT_TRUE(sample.inputs[0].equal(sample.inputs[1]));
    const Sample free = different->get(0, &other);
    EXPECT_FALSE(free.inputs[0].equal(free.inputs[1]));
    EXPECT_TRUE(free.inputs[0].equal(sample.inputs[0]));  // whom a group is with changes nothing for its first
  }
}

// Four clips of five pictures, the pictures written in the order of `names`; two epochs of training batches and one of
// evaluation.
std::vector<Tensor> batches_of_frames(const std::vector<std::string>& names) {
  const TemporaryDirectory directory;
  directory.write("dataset.json", R"({"modalities": [{"name": "v", "type": "frames", "path": "{id}", "size": 8,
                                     "frames": 2}]})");
  directory.write("metadata.csv", "id,split,label\nq,train,x\nr,train,y\ns,train,x\nt,train,y\n");
  for (const std::string& name : names) {
    for (const std::string clip : {"q", "r", "s", "t"}) {
      const int salt = clip[0] * 7 + name[0] * 13 + name[1] * 29;
      std::string pixels;
      for (int i = 0; i < 12 * 12 * 3; ++i) pixels += static_cast<char>((i * 37 + salt) % 251);
      directory.write(clip + "/" + name, testing::png(12, 12, pixels));
    }
  }
  const auto data = open_split(std::make_shared<const Manifest>(read_manifest(directory.path(), 0)), "train", {}, 0);
  std::vector<Tensor> inputs;
  for (const bool training : {true, false}) {
    LoaderOptions options;
    options.batch_size = 3;
    options.shuffle = options.augment = training;
    options.workers = 2;
    Loader loader(data, options);
    for (const int64_t epoch : {0, 1}) {
      loader.start_epoch(epoch);
      while (const auto batch = loader.next()) inputs.push_back(batch->inputs[0]);
    }
  }
  return inputs;
}

TEST(MediaDataset, TrapAShuffledListingGivesTheSameBatches) {
  const std::vector<Tensor> sorted = batches_of_frames({"1.png", "2.png", "3.png", "9.png", "10.png"});
  ASSERT_THAT(sorted, SizeIs(8));
  for (const std::vector<std::string>& names : {std::vector<std::string>{"10.png", "9.png", "3.png", "2.png", "1.png"},
                                                {"3.png", "10.png", "1.png", "9.png", "2.png"}}) {
    const std::vector<Tensor> shuffled = batches_of_frames(names);
    ASSERT_THAT(shuffled, SizeIs(8));
    for (size_t i = 0; i < sorted.size(); ++i) EXPECT_TRUE(shuffled[i].equal(sorted[i])) << "batch " << i;
  }
  // The pictures differ, so that another order would have been seen.
  EXPECT_FALSE(sorted[4].select(2, 0).equal(sorted[4].select(2, 1)));
}

TEST(MediaDataset, SkipLeavesIncompleteSamplesOut) {
  const Toy toy("p,train,dog,1,2,a.npy\nq,train,cat,3,4,\nr,train,cat,,,b.npy\ns,train,dog,1,1,gone.npy\n", "skip");
  const auto data = toy.open("train", 0.5);
  EXPECT_EQ(data->size(), 1);
  EXPECT_THAT(data->failures(), SizeIs(1));
  EXPECT_EQ(toy.open("train", 0.5, {"v"})->size(), 3);
}

TEST(MediaDataset, ErrorRefusesIncompleteSamples) {
  expect_error(ErrorKind::data, {"metadata.csv:3: modality 't' has no value"},
               [] { Toy("p,train,dog,1,2,a.npy\nq,train,cat,3,4,\n", "error").open("train"); });
  expect_error(ErrorKind::data, {"gone.npy', which is not there"},
               [] { Toy("p,train,dog,1,2,a.npy\nq,train,cat,3,4,gone.npy\n", "error").open("train"); });
  const Toy toy("p,train,dog,1,2,a.npy\nq,train,cat,3,4,cut.npy\n", "error");
  const auto data = toy.open("train", 1);
  expect_error(ErrorKind::data, {"metadata.csv:3: modality 't' does not decode"}, [&] { data->get(1, nullptr); });
}

}  // namespace
}  // namespace pdmp::data

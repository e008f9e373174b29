#include "data/inspect/inventory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/media/encode_video.h"
#include "support/media/encode_wav.h"
#include "support/npy.h"
#include "support/png.h"
#include "support/temporary_directory.h"

namespace pdmp::data {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::TemporaryDirectory;

std::string black_png(uint32_t width, uint32_t height) {
  return testing::png(width, height, std::string(size_t{width} * height * 3, '\0'));
}

struct Toy {
  explicit Toy(const std::string& rows) {
    directory.write("dataset.json",
                    R"({"classes": ["dog", "cat", "cow"], "modalities": [
                        {"name": "s", "type": "audio", "column": "sound", "profile": "log_mel_2s"},
                        {"name": "p", "type": "image", "column": "picture", "size": 8},
                        {"name": "t", "type": "tensor", "column": "file"}]})");
    directory.write("metadata.csv", "id,split,label,sound,picture,file,start,end\n" + rows);
    for (const int seconds : {1, 2, 4}) {
      write_wav(directory / (std::to_string(seconds) + ".wav"), torch::zeros({seconds * 8000}), 8000);
    }
    directory.write("wide.png", black_png(20, 10));
    directory.write("high.png", black_png(6, 30));
    directory.write("a.npy", testing::npy("(2, 3)", {1, 2, 3, 4, 5, 6}));
    directory.write("lie.png", "no picture");
  }
  Inventory take() const {
    const Manifest manifest = read_manifest(directory.path(), 0);
    return take_inventory(manifest, find_media_files(manifest), 2);
  }
  TemporaryDirectory directory;
};

TEST(TakeInventory, CountsSamplesOfClassesAndCells) {
  const Inventory inventory = Toy("a,train,dog,1.wav,wide.png,a.npy,,\nb,train,dog,,gone.png,a.npy,,\n"
                                  "c,test,cat,2.wav,,gone.npy,,\n")
                                  .take();
  EXPECT_THAT(inventory.splits, ElementsAre("train", "test"));
  EXPECT_THAT(inventory.counts.at("train"), ElementsAre(2, 0, 0));
  EXPECT_THAT(inventory.counts.at("test"), ElementsAre(0, 1, 0));
  const ModalityInventory &sound = inventory.modalities[0], &picture = inventory.modalities[1];
  EXPECT_EQ(sound.cells.at("train").samples, 2);
  EXPECT_EQ(sound.cells.at("train").empty, 1);
  EXPECT_EQ(picture.cells.at("train").missing, 1);
  EXPECT_EQ(picture.cells.at("test").empty, 1);
  EXPECT_EQ(inventory.modalities[2].cells.at("test").missing, 1);
  EXPECT_EQ(inventory.files, 4);
  EXPECT_EQ(inventory.modalities[2].files, 1);
  EXPECT_THAT(sound.shape, ElementsAre(1, 64, 198));
  EXPECT_THAT(inventory.modalities[2].shape, ElementsAre(2, 3));
  EXPECT_EQ(inventory.bytes, inventory.modalities[0].bytes + picture.bytes + inventory.modalities[2].bytes);
}

TEST(TakeInventory, SecondsAreThoseASampleSees) {
  const Inventory inventory = Toy("a,train,dog,1.wav,,,,\nb,train,dog,2.wav,,,,\nc,test,cat,4.wav,,,1,3.5\n"
                                  "d,test,cat,4.wav,,,3.75,9\n")
                                  .take();
  const Spread& seconds = inventory.modalities[0].seconds;
  EXPECT_EQ(seconds.count, 4);
  EXPECT_DOUBLE_EQ(seconds.min, 0.25);
  EXPECT_DOUBLE_EQ(seconds.median, 1.5);
  EXPECT_DOUBLE_EQ(seconds.max, 2.5);
}

TEST(TakeInventory, SizesOfPicturesAndWhatHasNone) {
  const Inventory inventory =
      Toy("a,train,dog,,wide.png,,,\nb,train,dog,,high.png,,,\nc,test,cat,,wide.png,,,\nd,test,cat,,lie.png,,,\n")
          .take();
  const ModalityInventory& picture = inventory.modalities[1];
  EXPECT_EQ(picture.files, 3);
  EXPECT_EQ(picture.width.count, 2);
  EXPECT_EQ(picture.width.min, 6);
  EXPECT_EQ(picture.width.max, 20);
  EXPECT_EQ(picture.height.median, 20);
  EXPECT_EQ(picture.unread, 1);
  EXPECT_THAT(picture.unread_files, ElementsAre("lie.png"));
  EXPECT_EQ(picture.seconds.count, 0);
  EXPECT_THAT(inventory.modalities[2].shape, IsEmpty());
}

// Each modality takes its own stream; the bytes count once.
TEST(TakeInventory, AVideoOfTwoModalities) {
  const TemporaryDirectory directory;
  directory.write("dataset.json", R"({"modalities": [
      {"name": "s", "type": "audio", "column": "clip", "profile": "log_mel_2s"},
      {"name": "f", "type": "frames", "column": "clip", "frames": 2, "size": 8}]})");
  directory.write("metadata.csv", "label,clip\ndog,a.mp4\ncat,a.mp4\n");
  VideoEncoding encoding;
  encoding.fps = 10;
  encoding.audio = torch::zeros({32000});
  write_video(directory / "a.mp4", torch::zeros({10, 48, 64, 3}, torch::kUInt8), encoding);
  const Manifest manifest = read_manifest(directory.path(), 0);
  const Inventory inventory = take_inventory(manifest, find_media_files(manifest), 1);
  EXPECT_EQ(inventory.files, 1);
  EXPECT_EQ(inventory.bytes, inventory.modalities[0].bytes);
  EXPECT_EQ(inventory.modalities[0].seconds.count, 2);
  EXPECT_NEAR(inventory.modalities[0].seconds.median, 2, 0.2);
  EXPECT_NEAR(inventory.modalities[1].seconds.median, 1, 0.11);
  EXPECT_EQ(inventory.modalities[1].width.max, 64);
  EXPECT_EQ(inventory.modalities[0].width.count, 0);
}

TEST(SpreadOf, MedianOfOddAndEvenCounts) {
  EXPECT_EQ(spread_of({}).count, 0);
  EXPECT_EQ(spread_of({3, 1, 2}).median, 2);
  EXPECT_EQ(spread_of({4, 1, 2, 3}).median, 2.5);
}

}  // namespace
}  // namespace pdmp::data

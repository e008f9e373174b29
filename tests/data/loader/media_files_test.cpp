#include "data/loader/media_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/npy.h"
#include "support/temporary_directory.h"

namespace pdmp::data {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using testing::TemporaryDirectory;

// A tensor, frames and a vector; files are found without being opened, so that what is in them does not matter.
struct Toy {
  explicit Toy(const std::string& rows) {
    directory.write("dataset.json", R"({"modalities": [{"name": "t", "type": "tensor", "column": "file"},
                                                       {"name": "f", "type": "frames", "column": "clip"},
                                                       {"name": "v", "type": "vector", "columns": ["x"]}]})");
    directory.write("metadata.csv", "id,split,label,file,clip,x\n" + rows);
    directory.write("a.npy", "123");
    directory.write("clip/2.png", "12");
    directory.write("clip/1.png", "1");
    directory.write("clip/.hidden", "1");
    manifest = read_manifest(directory.path(), 0);
  }
  TemporaryDirectory directory;
  Manifest manifest;
};

TEST(FindMediaFiles, CountsEachFileOnceWithItsRows) {
  const Toy toy("p,train,dog,a.npy,clip,1\nq,test,cat,a.npy,clip/1.png;clip/2.png,2\nr,test,cat,,,3\n");
  const MediaFiles media = find_media_files(toy.manifest);
  ASSERT_THAT(media.files, SizeIs(3));
  EXPECT_EQ(media.files[0].path, toy.directory / "a.npy");
  EXPECT_EQ(media.files[0].bytes, 3);
  EXPECT_THAT(media.files[0].rows, ElementsAre(0, 1));
  EXPECT_EQ(media.files[1].path, toy.directory / "clip/1.png");
  EXPECT_EQ(media.files[1].modality, 1u);
  EXPECT_THAT(media.files[2].rows, ElementsAre(0, 1));
  EXPECT_THAT(media.missing, IsEmpty());
}

TEST(FindMediaFiles, NamesOneMissingFileOfACell) {
  const Toy toy("p,train,dog,gone.npy,clip/1.png;clip/3.png;clip/4.png,1\nq,test,cat,a.npy,,2\n");
  const MediaFiles media = find_media_files(toy.manifest);
  ASSERT_THAT(media.missing, SizeIs(2));
  EXPECT_EQ(media.missing[0].path, toy.directory / "gone.npy");
  EXPECT_EQ(media.missing[1].path, toy.directory / "clip/3.png");
  EXPECT_EQ(media.missing[1].row, 0u);
  EXPECT_THAT(media.files, SizeIs(2));
}

TEST(FirstShape, SkipsCellsThatDoNotTell) {
  const Toy toy("p,train,dog,a.npy,,1\nq,test,cat,b.npy,,2\n");
  const auto type = make_modality_type(toy.manifest.modalities[0]);
  EXPECT_THAT(first_shape(toy.manifest, 0, *type), IsEmpty());
  toy.directory.write("b.npy", testing::npy("(3,)", {1, 2, 3}));
  EXPECT_THAT(first_shape(toy.manifest, 0, *type), ElementsAre(3));
}

TEST(SplitsOf, AreThoseThatOccurInTheUsualOrder) {
  const Toy toy("p,test,dog,,,1\nq,train,cat,,,2\n");
  EXPECT_THAT(splits_of(toy.manifest), ElementsAre("train", "test"));
}

}  // namespace
}  // namespace pdmp::data

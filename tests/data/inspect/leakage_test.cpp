#include "data/inspect/leakage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/expect_error.h"
#include "support/temporary_directory.h"

namespace pdmp::data {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using testing::TemporaryDirectory;

// Files are compared as bytes, so that they need not be what the modality expects.
struct Toy {
  explicit Toy(const std::string& rows) {
    directory.write("dataset.json", R"({"modalities": [{"name": "t", "type": "tensor", "column": "file"},
                                                       {"name": "u", "type": "tensor", "column": "other"}]})");
    directory.write("metadata.csv", "id,split,label,group,file,other\n" + rows);
    directory.write("one.npy", "same");
    directory.write("two.npy", "same");
    directory.write("three.npy", "same");
    directory.write("four.npy", "else");
    directory.write("five.npy", "longer");
    directory.write("empty.npy", "");
    directory.write("void.npy", "");
  }
  Leakage find() const {
    const Manifest manifest = read_manifest(directory.path(), 0);
    return find_leakage(manifest, find_media_files(manifest).files, 2);
  }
  TemporaryDirectory directory;
};

TEST(FindLeakage, SameBytesInTwoSplits) {
  const Leakage leakage = Toy("p,train,dog,,one.npy,\nq,test,cat,,two.npy,\nr,test,cat,,five.npy,\n").find();
  ASSERT_THAT(leakage.contents, SizeIs(1));
  EXPECT_EQ(leakage.contents[0].split, "train");
  EXPECT_EQ(leakage.contents[0].path, "one.npy");
  EXPECT_EQ(leakage.contents[0].other_split, "test");
  EXPECT_EQ(leakage.contents[0].other_path, "two.npy");
  EXPECT_TRUE(leakage.found());
}

TEST(FindLeakage, OnePairOfEachTwoSplits) {
  const Leakage leakage =
      Toy("p,train,dog,,one.npy,\nq,val,cat,,two.npy,\nr,test,cat,,three.npy,\ns,test,cat,,two.npy,\n").find();
  ASSERT_THAT(leakage.contents, SizeIs(3));
  EXPECT_EQ(leakage.contents[1].other_split, "test");
  EXPECT_EQ(leakage.contents[2].split, "val");
}

TEST(FindLeakage, OneFileUsedByTwoSplitsAndTwoModalitiesIsNamedOnce) {
  const Leakage leakage = Toy("p,train,dog,,five.npy,five.npy\nq,test,cat,,five.npy,five.npy\n").find();
  ASSERT_THAT(leakage.contents, SizeIs(1));
  EXPECT_EQ(leakage.contents[0].path, "five.npy");
  EXPECT_EQ(leakage.contents[0].other_path, "five.npy");
}

TEST(FindLeakage, AcrossModalitiesToo) {
  EXPECT_THAT(Toy("p,train,dog,,one.npy,\nq,test,cat,,five.npy,two.npy\n").find().contents, SizeIs(1));
}

TEST(FindLeakage, NothingWithinASplitOrOfOneSizeOnlyOrEmpty) {
  const Leakage leakage =
      Toy("p,train,dog,,one.npy,empty.npy\nq,train,cat,,two.npy,\nr,test,cat,,four.npy,void.npy\n").find();
  EXPECT_THAT(leakage.contents, IsEmpty());
  EXPECT_FALSE(leakage.found());
}

TEST(FindLeakage, GroupsOnBothSides) {
  const Leakage leakage =
      Toy("p,train,dog,ann,,\nq,test,cat,ann,,\nr,val,cat,ann,,\ns,test,cat,bob,,\nt,test,dog,,,\n").find();
  ASSERT_THAT(leakage.groups, SizeIs(1));
  EXPECT_EQ(leakage.groups[0].group, "ann");
  EXPECT_THAT(leakage.groups[0].splits, ElementsAre("train", "val", "test"));
  EXPECT_TRUE(leakage.found());
}

// What find_leakage need not look for.
TEST(FindLeakage, AnIdOnBothSidesIsRefusedByTheReader) {
  testing::expect_error(ErrorKind::data, {"metadata.csv:3", "'p'", "line 2"},
                        [] { Toy("p,train,dog,,one.npy,\np,test,cat,,five.npy,\n").find(); });
}

}  // namespace
}  // namespace pdmp::data

#include "data/inspect/decode_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/npy.h"
#include "support/png.h"
#include "support/temporary_directory.h"

namespace pdmp::data {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using testing::TemporaryDirectory;

struct Toy {
  explicit Toy(const std::string& rows) {
    directory.write("dataset.json", R"({"missing": "error", "modalities": [
                        {"name": "p", "type": "image", "column": "picture", "size": 4},
                        {"name": "t", "type": "tensor", "column": "file"},
                        {"name": "v", "type": "vector", "columns": ["x"]}]})");
    directory.write("metadata.csv", "id,split,label,picture,file,x\n" + rows);
    const std::string picture = testing::png(4, 4, std::string(48, 'a'));
    directory.write("a.png", picture);
    directory.write("cut.png", picture.substr(0, picture.size() - 30));
    directory.write("a.npy", testing::npy("(3,)", {1, 2, 3}));
    directory.write("long.npy", testing::npy("(4,)", {1, 2, 3, 4}));
    directory.write("lfs.npy", "version https://git-lfs.github.com/spec/v1\n");
  }
  DecodeCheck check(const std::vector<std::string>& splits, int64_t workers = 2) const {
    return check_decoding(read_manifest(directory.path(), 0), splits, workers);
  }
  TemporaryDirectory directory;
};

TEST(CheckDecoding, NothingFails) {
  const DecodeCheck check = Toy("a,train,dog,a.png,a.npy,1\nb,test,cat,a.png,a.npy,2\n").check({"train", "test"});
  EXPECT_THAT(check.failures, IsEmpty());
  ASSERT_THAT(check.counts, SizeIs(6));
  EXPECT_EQ(check.counts[3].split, "test");
  EXPECT_EQ(check.counts[3].modality, "p");
  EXPECT_EQ(check.counts[3].cells, 1);
}

TEST(CheckDecoding, NamesEachFailureWithItsPlace) {
  const Toy toy("a,train,dog,a.png,a.npy,1\nb,train,cat,cut.png,long.npy,x2\nc,train,cat,,gone.npy,\n");
  for (const int64_t workers : {1, 4}) {
    const DecodeCheck check = toy.check({"train"}, workers);
    ASSERT_THAT(check.failures, SizeIs(4));
    EXPECT_EQ(check.failures[0].id, "b");
    EXPECT_EQ(check.failures[0].modality, "p");
    EXPECT_EQ(check.failures[0].file, "metadata.csv");
    EXPECT_EQ(check.failures[0].line, 3);
    EXPECT_THAT(check.failures[0].reason, HasSubstr("cut.png"));
    EXPECT_EQ(check.failures[1].cell, "long.npy");
    EXPECT_THAT(check.failures[1].reason, HasSubstr("(4)"));
    EXPECT_THAT(check.failures[2].reason, HasSubstr("no such file"));
    EXPECT_THAT(check.failures[3].reason, HasSubstr("'x2'"));
    EXPECT_EQ(check.counts[0].cells, 2);
    EXPECT_EQ(check.counts[0].failed, 1);
    EXPECT_EQ(check.counts[1].failed, 2);
  }
}

TEST(CheckDecoding, OnlyTheSplitsAskedFor) {
  const Toy toy("a,train,dog,cut.png,a.npy,1\nb,test,cat,a.png,a.npy,2\n");
  EXPECT_THAT(toy.check({"test"}).failures, IsEmpty());
  EXPECT_THAT(toy.check({"train"}).failures, SizeIs(1));
}

// The shape cannot be told then, and every file says for itself what is wrong.
TEST(CheckDecoding, EveryFileOfAModalityIsBroken) {
  const DecodeCheck check = Toy("a,train,dog,,lfs.npy,1\nb,train,cat,,gone.npy,2\n").check({"train"});
  ASSERT_THAT(check.failures, SizeIs(2));
  EXPECT_THAT(check.failures[0].reason, HasSubstr("Git LFS pointer"));
  EXPECT_THAT(check.failures[1].reason, HasSubstr("gone.npy"));
}

}  // namespace
}  // namespace pdmp::data

// Columns of a user's own table, named in dataset.json.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/manifest/manifest.h"
#include "support/expect_error.h"
#include "support/temporary_directory.h"

namespace pdmp {
namespace {

using ::testing::ElementsAre;
using testing::expect_error;

class NamedColumns : public ::testing::Test {
 protected:
  data::Manifest read(const std::string& keys, const std::string& table) const {
    folder_.write("dataset.json", "{" + keys + R"(, "modalities": [{"name": "t", "type": "text", "column": "t"}]})");
    folder_.write("metadata.csv", table);
    return data::read_manifest(folder_.path(), 0);
  }
  testing::TemporaryDirectory folder_;
};

TEST_F(NamedColumns, EachMeaningMayHaveAnother) {
  const data::Manifest manifest =
      read(R"("label": "class", "id": "name", "split": "set", "group": "who", "start": "t0", "end": "t1")",
           "name,set,class,who,t0,t1,t,label,id\nx,train,dog,ann,1.5,3,a,9,8\ny,dev,cat,ben,,,b,9,8\n");
  EXPECT_THAT(manifest.classes, ElementsAre("cat", "dog"));
  EXPECT_EQ(manifest.rows[0].id, "x");
  EXPECT_EQ(manifest.rows[0].label, 1);
  EXPECT_EQ(manifest.rows[0].group, "ann");
  EXPECT_EQ(manifest.rows[0].start, 1.5);
  EXPECT_EQ(manifest.rows[0].end, 3);
  EXPECT_EQ(manifest.rows[1].split, "val");
}

TEST_F(NamedColumns, TheRestKeepsItsName) {
  const data::Manifest manifest =
      read(R"("label": "class")", "id,split,class,group,t\nx,test,dog,g,a\ny,train,cat,g,b\n");
  EXPECT_EQ(manifest.rows[0].id, "x");
  EXPECT_EQ(manifest.rows[0].split, "test");
  EXPECT_EQ(manifest.rows[0].group, "g");
}

TEST_F(NamedColumns, OneColumnMayHaveTwoMeanings) {
  EXPECT_EQ(read(R"("label": "kind", "group": "kind")", "kind,t\ndog,a\ncat,b\n").rows[0].group, "dog");
}

TEST_F(NamedColumns, TemplatesMeanTheNamedColumns) {
  folder_.write("dataset.json", R"({"id": "name", "label": "class", "modalities":
                [{"name": "p", "type": "image", "path": "{label}/{id}_{other}.png"}]})");
  folder_.write("metadata.csv", "name,class,other,id,label\nx,dog,1,wrong,wrong\ny,cat,2,wrong,wrong\n");
  EXPECT_THAT(data::read_manifest(folder_.path(), 0).rows[0].cells, ElementsAre("dog/x_1.png"));
}

TEST_F(NamedColumns, WhatIsNotThereIsNamed) {
  expect_error(ErrorKind::data, {"metadata.csv", "column 'klass' (\"label\" of dataset.json) is missing", "'class'"},
               [&] { read(R"("label": "klass")", "class,t\na,x\n"); });
  for (const char* key : {"id", "split", "group", "start", "end"}) {
    expect_error(ErrorKind::data, {"column 'nowhere'", std::string("\"") + key + "\" of dataset.json"},
                 [&] { read(std::string("\"") + key + "\": \"nowhere\"", "label,t\na,x\nb,y\n"); });
  }
  expect_error(ErrorKind::data, {"column 'label'", "\"label\": \"COLUMN\""},
               [&] { read(R"("name": "n")", "class,t\na,x\n"); });
  expect_error(ErrorKind::data, {"'label'", "expected text, found 1"},
               [&] { read(R"("label": 1)", "label,t\na,x\n"); });
  expect_error(ErrorKind::data, {"'label'", "empty text"}, [&] { read(R"("label": "")", "label,t\na,x\n"); });
}

TEST_F(NamedColumns, MessagesNameThem) {
  expect_error(ErrorKind::data, {"metadata.csv:2: 'set': expected train, val or test, found 'trian'"},
               [&] { read(R"("split": "set")", "set,label,t\ntrian,a,x\n"); });
  expect_error(ErrorKind::data, {"metadata.csv:2: 't0': expected seconds"},
               [&] { read(R"("start": "t0")", "t0,label,t\nsoon,a,x\n"); });
}

TEST_F(NamedColumns, FilesOfASplitHaveIt) {
  folder_.write("dataset.json", R"({"split": "set", "modalities": [{"name": "t", "type": "text", "column": "t"}]})");
  folder_.write("train.csv", "label,t,split\na,x,whatever\nb,y,else\n");
  EXPECT_EQ(data::read_manifest(folder_.path(), 0).rows[0].split, "train");
  folder_.write("train.csv", "label,t,set\na,x,train\nb,y,train\n");
  expect_error(ErrorKind::data, {"train.csv", "column 'set'"}, [&] { data::read_manifest(folder_.path(), 0); });
}

}  // namespace
}  // namespace pdmp

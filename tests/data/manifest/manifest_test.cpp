#include "data/manifest/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>

#include "pdmp/error.h"
#include "support/expect_error.h"
#include "support/temporary_directory.h"

namespace pdmp::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::TemporaryDirectory;

constexpr const char* kText = R"({"name": "caption", "type": "text", "column": "caption"})";

std::string schema(const std::string& modalities, const std::string& more = "") {
  return R"({"name": "toy", "modalities": [)" + modalities + "]" + (more.empty() ? "" : ", " + more) + "}";
}

// A data set of these two files, and what reading it says.
struct Toy {
  Toy(const std::string& json, const std::string& csv) {
    directory.write("dataset.json", json);
    directory.write("metadata.csv", csv);
  }
  Manifest read(uint64_t seed = 0) const { return read_manifest(directory.path(), seed); }
  std::string message(ErrorKind kind = ErrorKind::data) const {
    try {
      read();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), kind);
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
      return error.what();
    }
    return "nothing was thrown";
  }
  TemporaryDirectory directory;
};

TEST(Manifest, ReadsRowsAndClasses) {
  const Toy toy(schema(kText),
                "id,split,label,caption,group,start,end\r\nx,train,dog,\"a, b\",g1,1.5,3\r\ny,validation,cat,,,,\r\n");
  const Manifest manifest = toy.read();
  EXPECT_EQ(manifest.name, "toy");
  EXPECT_EQ(manifest.missing, "mask");
  EXPECT_THAT(manifest.classes, ElementsAre("cat", "dog"));
  ASSERT_EQ(manifest.rows.size(), 2u);
  EXPECT_EQ(manifest.rows[0].id, "x");
  EXPECT_EQ(manifest.rows[0].label, 1);
  EXPECT_EQ(manifest.rows[0].group, "g1");
  EXPECT_EQ(manifest.rows[0].start, 1.5);
  EXPECT_EQ(manifest.rows[0].end, 3);
  EXPECT_THAT(manifest.rows[0].cells, ElementsAre("a, b"));
  EXPECT_EQ(manifest.rows[1].split, "val");
  EXPECT_EQ(manifest.rows[1].line, 3);
  EXPECT_EQ(manifest.rows[1].start, std::nullopt);
  EXPECT_THAT(manifest.rows[1].cells, ElementsAre(""));
}

TEST(Manifest, DistinctLabelsAreSortedByBytes) {
  EXPECT_THAT(Toy(schema(kText), "label,caption\nb,x\nB,x\n10,x\n2,x\n").read().classes,
              ElementsAre("10", "2", "B", "b"));
}

TEST(Manifest, ExplicitClassesWinAndIndicesCount) {
  const Toy toy(schema(kText, R"("classes": ["dog", "cat", "cow"])"), "label,caption\ncat,x\n0,x\n2,x\n");
  const Manifest manifest = toy.read();
  EXPECT_EQ(manifest.rows[0].label, 1);
  EXPECT_EQ(manifest.rows[1].label, 0);
  EXPECT_EQ(manifest.rows[2].label, 2);
  EXPECT_EQ(manifest.rows[2].id, "3");  // the number of the row
}

TEST(Manifest, ALabelOutsideTheClassesIsNamed) {
  const std::string json = schema(kText, R"("classes": ["dog", "cat"])");
  EXPECT_THAT(Toy(json, "label,caption\ndog,x\ncow,x\n").message(),
              HasSubstr("metadata.csv:3: 'label': expected one of the classes dog, cat, found 'cow'"));
  EXPECT_THAT(Toy(json, "label,caption\n2,x\n").message(),
              HasSubstr("metadata.csv:2: 'label': expected one of the classes"));
  EXPECT_THAT(Toy(json, "label,caption\n,x\n").message(),
              HasSubstr("metadata.csv:2: 'label': expected a class, found an empty"));
}

TEST(Manifest, BadRowsNameFileAndLine) {
  const std::string json = schema(kText);
  EXPECT_THAT(Toy(json, "id,label,caption\na,x,1\nb,y,1\na,x,1\n").message(),
              HasSubstr("metadata.csv:4: 'id': 'a' is also the id of metadata.csv line 2"));
  EXPECT_THAT(Toy(json, "id,label,caption\nz,x,1\nb,y,1\nz,x,1\nb,x,1\nz,x,1\n").message(),
              HasSubstr("metadata.csv:4: 'id': 'z' is also the id of metadata.csv line 2"));  // the first such line
  EXPECT_THAT(Toy(json, "split,label,caption\ntrian,x,1\n").message(),
              HasSubstr("metadata.csv:2: 'split': expected train, val or test, found 'trian'"));
  EXPECT_THAT(Toy(json, "label,caption,start\nx,1,soon\n").message(),
              HasSubstr("metadata.csv:2: 'start': expected seconds of at least 0, found 'soon'"));
  EXPECT_THAT(Toy(json, "label,caption,start,end\nx,1,3,2\n").message(),
              HasSubstr("expected 'end' after 'start', found 2 and 3"));
  EXPECT_THAT(Toy(json, "label,caption\n").message(), HasSubstr("expected at least one sample"));
  EXPECT_THAT(Toy(json, "label,caption\nx,1\nx,1\n").message(),
              HasSubstr("expected at least two classes, found only 'x'"));
}

TEST(Manifest, UnknownColumnsNameTheNearest) {
  EXPECT_THAT(
      Toy(schema(kText), "label,captoin\nx,1\n").message(),
      HasSubstr(
          "metadata.csv: column 'caption' (modality 'caption' of dataset.json) is missing; did you mean 'captoin'?"));
  EXPECT_THAT(Toy(schema(kText), "labels,caption\nx,1\n").message(),
              HasSubstr("column 'label' (the class of a sample) is missing"));
}

TEST(Manifest, BadSchemasNameFileAndKey) {
  const auto message = [](const std::string& json) { return Toy(json, "label,caption\na,x\nb,x\n").message(); };
  EXPECT_THAT(message(schema(kText, R"("mising": "mask")")),
              HasSubstr("dataset.json: unknown key 'mising'; did you mean 'missing'?"));
  EXPECT_THAT(message(schema(kText, R"("missing": "skipp")")),
              HasSubstr("'missing': unknown value 'skipp'; did you mean 'skip'?"));
  EXPECT_THAT(message(schema(kText, R"("classes": ["a", "a"])")), HasSubstr("'classes': 'a' is there twice"));
  EXPECT_THAT(message(schema(kText, R"("classes": [1])")), HasSubstr("'classes': expected a list of texts, found [1]"));
  EXPECT_THAT(message(schema(kText, R"("val_fraction": 1.5)")),
              HasSubstr("'val_fraction': expected a number between 0 and 1"));
  EXPECT_THAT(message(schema(kText, R"("task": "regression")")), HasSubstr("'task': expected classification"));
  EXPECT_THAT(message(schema("")), HasSubstr("'modalities': expected a list of at least one"));
  EXPECT_THAT(message(schema(std::string(kText) + "," + kText)), HasSubstr("modality 'caption' is there twice"));
  EXPECT_THAT(message(schema(R"({"name": "a b", "type": "text", "column": "caption"})")),
              HasSubstr("modality 1: 'name': expected letters"));
  EXPECT_THAT(message(schema(R"({"name": "a", "type": "txt", "column": "caption"})")),
              HasSubstr("did you mean 'text'?"));
  EXPECT_THAT(message(schema(R"({"name": "a", "type": "text", "column": "caption", "path": "x"})")),
              HasSubstr("keep one"));
  EXPECT_THAT(message(schema(R"({"name": "a", "type": "text", "column": "caption", "augment_with": 1})")),
              HasSubstr("'augment_with': expected text, found 1"));
  EXPECT_THAT(message("{\"modalities\": "), HasSubstr("dataset.json"));
}

TEST(Manifest, TheLiveClassIsOneOfTheClasses) {
  const auto message = [](const std::string& more) {
    return Toy(schema(kText, more), "label,caption\na,x\nb,x\n").message();
  };
  EXPECT_EQ(message(R"("live_class": "b")"), "nothing was thrown");
  EXPECT_THAT(message(R"("live_class": "c")"),
              HasSubstr("dataset.json: 'live_class': expected one of the classes a, b, found 'c'"));
  EXPECT_THAT(message(R"("live_class": 0)"), HasSubstr("'live_class': expected text, found 0"));
}

TEST(Manifest, NoDatasetJsonIsSaidSo) {
  const TemporaryDirectory directory;
  try {
    read_manifest(directory.path() / "nowhere", 0);
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::io);
    EXPECT_THAT(error.what(), HasSubstr("a folder with dataset.json, found no such folder"));
  }
  testing::expect_error(ErrorKind::io, {"found no dataset.json"}, [&] { read_manifest(directory.path(), 0); });
}

TEST(Manifest, ZeroMeansMask) {
  EXPECT_EQ(Toy(schema(kText, R"("missing": "zero")"), "label,caption\na,x\nb,x\n").read().missing, "mask");
}

TEST(Manifest, VectorsHaveAllTheirColumnsOrNone) {
  const std::string json = schema(R"({"name": "v", "type": "vector", "columns": ["a", "b"]})");
  const Manifest manifest = Toy(json, "label,b,a\nx,1,2.5\ny,,\n").read();
  EXPECT_EQ(manifest.rows[0].cells[0], "2.5,1");
  EXPECT_EQ(manifest.rows[1].cells[0], "");
  EXPECT_THAT(
      Toy(json, "label,b,a\nx,1,\n").message(),
      HasSubstr("metadata.csv:2: 'a': expected a number, found an empty cell; fill in all columns of modality 'v'"));
}

TEST(Manifest, PathsComeFromTemplatesRootsAndUsualColumns) {
  const auto cells = [](const std::string& entry, const std::string& csv) {
    return Toy(schema(entry), csv).read().rows.at(0).cells.at(0);
  };
  EXPECT_EQ(cells(R"({"name": "p", "type": "image", "path": "{split}/{label}/{id}_{start:06d}.png", "root": "r"})",
                  "id,split,label,start\nx,train,dog,30\ny,train,cat,1\n"),
            "r/train/dog/x_000030.png");
  EXPECT_EQ(cells(R"({"name": "p", "type": "image", "root": "depth", "ext": ".png"})", "id,label\nx,dog\ny,cat\n"),
            "depth/x.png");
  EXPECT_EQ(cells(R"({"name": "p", "type": "image"})", "label,p_file_name\ndog,a.png\ncat,b.png\n"), "a.png");
  EXPECT_EQ(cells(R"({"name": "p", "type": "frames", "column": "f", "root": "r"})", "label,f\ndog,a.png;b.png\ncat,\n"),
            "r/a.png;r/b.png");
  EXPECT_EQ(cells(R"({"name": "p", "type": "image", "path": "{who}.png"})", "label,who\ndog,\ncat,b\n"), "");
  EXPECT_THAT(
      Toy(schema(R"({"name": "p", "type": "image", "path": "{hwo}.png"})"), "label,who\ndog,a\ncat,b\n").message(),
      HasSubstr("metadata.csv:2: modality 'p': path '{hwo}.png' uses the column 'hwo', which is not there; did you "
                "mean 'who'?"));
}

TEST(Manifest, OneFileASplit) {
  TemporaryDirectory directory;
  directory.write("dataset.json", schema(kText));
  directory.write("train.csv", "label,caption\na,x\nb,y\n");
  directory.write("test.csv", "caption,label\nz,a\n");
  const Manifest manifest = read_manifest(directory.path(), 0);
  ASSERT_EQ(manifest.rows.size(), 3u);
  EXPECT_EQ(manifest.rows[2].split, "test");
  EXPECT_EQ(manifest.rows[2].id, "3");
  EXPECT_EQ(manifest.rows[2].file, "test.csv");
  EXPECT_THAT(manifest.rows[2].cells, ElementsAre("z"));
}

std::string many_rows() {
  std::string csv = "id,label,caption,group,split\n";
  for (int i = 0; i < 40; ++i) {
    csv += std::to_string(i) + (i < 20 ? ",a,x,g" : ",b,x,g") + std::to_string(i / 2) +
           (i % 10 == 9 ? ",test\n" : ",train\n");
  }
  return csv + "40,c,x,,train\n";
}

std::set<std::string> validation_of(const Manifest& manifest) {
  std::set<std::string> ids;
  for (const ManifestRow& row : manifest.rows) {
    if (row.split == "val") ids.insert(row.id);
  }
  return ids;
}

TEST(Manifest, ValidationIsTakenFromTrainingByGroups) {
  const Toy toy(schema(kText, R"("val_fraction": 0.25)"), many_rows());
  const Manifest manifest = toy.read(3);
  std::map<std::string, std::set<std::string>> splits;
  std::map<int64_t, int64_t> counts;
  int64_t tests = 0;
  for (const ManifestRow& row : manifest.rows) {
    tests += row.split == "test" ? 1 : 0;
    if (row.split != "test") splits[row.group].insert(row.split);
    if (row.split == "val") ++counts[row.label];
  }
  for (const auto& [group, sides] : splits) EXPECT_EQ(sides.size(), 1u) << group;
  EXPECT_NEAR(static_cast<double>(counts[0]), 4.5, 0.5);  // of 18, in ones and twos
  EXPECT_NEAR(static_cast<double>(counts[1]), 4.5, 0.5);
  EXPECT_EQ(counts[2], 0);  // a class of one sample stays in training
  EXPECT_EQ(tests, 4);
}

TEST(Manifest, ValidationFollowsTheSeed) {
  const Toy by_run(schema(kText, R"("val_fraction": 0.25)"), many_rows());
  EXPECT_EQ(validation_of(by_run.read(1)), validation_of(by_run.read(1)));
  EXPECT_NE(validation_of(by_run.read(1)), validation_of(by_run.read(2)));
  const Toy fixed(schema(kText, R"("val_fraction": 0.25, "val_seed": 1)"), many_rows());
  EXPECT_EQ(validation_of(fixed.read(5)), validation_of(by_run.read(1)));
  EXPECT_THAT(Toy(schema(kText, R"("val_fraction": 0.25)"), "label,split,caption\na,val,x\nb,train,x\n").message(),
              HasSubstr("there is a val split and a 'val_fraction'"));
}

}  // namespace
}  // namespace pdmp::data

// File names that hold a ';' in cells that may name several files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files/file.h"
#include "data/importers/own_media_miniature.h"
#include "data/importers/run_importer.h"
#include "data/importers/shared/importers.h"
#include "data/manifest/manifest.h"
#include "data/tables/csv.h"
#include "data/types/cell_paths.h"
#include "support/temporary_directory.h"

namespace pdmp {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

class FileList : public ::testing::Test {
 protected:
  // A data set of one modality and these rows, in which all files are there.
  std::shared_ptr<data::Manifest> read(const std::string& modality, const std::string& table,
                                       const char* metadata = "metadata.csv") const {
    data_.write("dataset.json", R"({"classes": ["a", "b"], "modalities": [{"name": "m", )" + modality + "}]}");
    data_.write(metadata, table);
    return std::make_shared<data::Manifest>(data::read_manifest(data_.path(), 0));
  }

  // Frames of the first sample.
  Tensor load(const std::shared_ptr<data::Manifest>& manifest) const {
    const Sample sample = data::open_split(manifest, "train", {}, 0)->get(0, nullptr);
    EXPECT_TRUE(sample.present[0]);
    return sample.inputs[0];
  }

  testing::TemporaryDirectory data_;
};

constexpr const char* kFrames = R"("type": "frames", "column": "f", "frames": 2, "size": 8)";

TEST_F(FileList, ABackslashMakesASemicolonPartOfTheName) {
  testing::write_own_picture(data_ / "a;1.jpg", 0);
  testing::write_own_picture(data_ / "b.jpg", 1);
  const Tensor frames = load(read(kFrames, "label,f\na,a\\;1.jpg;b.jpg\n"));
  EXPECT_LT(frames.select(1, 0).max().item<double>(), frames.select(1, 1).min().item<double>());
  testing::write_own_picture(data_ / "clip;0/1.jpg", 1);
  load(read(kFrames, "label,f\na,clip\\;0\n"));
}

TEST_F(FileList, WithRootsThatHoldOneToo) {
  testing::write_own_picture(data_ / "r;x/a;1.jpg", 0);
  testing::write_own_picture(data_ / "r;x/b.jpg", 1);
  load(read(std::string(kFrames) + R"(, "root": "r;x", "ext": ".jpg")", "label,f\na,a\\;1;b\n"));
  load(read(R"("type": "image", "column": "f", "root": "r;x", "size": 8)", "label,f\na,a;1.jpg\n"));
  load(read(R"("type": "image", "column": "f", "root": "r;x", "size": 8)", "label,f\na,a\\;1.jpg\n"));
}

TEST_F(FileList, TemplatesTakeColumnsAsOneName) {
  testing::write_own_picture(data_ / "frames/a;1/0.jpg", 0);
  load(read(R"("type": "frames", "path": "frames/{id}", "size": 8)", "id,label\na;1,a\n"));
  testing::write_own_picture(data_ / "u/a;1.jpg", 0);
  testing::write_own_picture(data_ / "v/a;1.jpg", 0);
  const auto flow = read(R"("type": "flow", "path": "u/{id}.jpg;v/{id}.jpg", "size": 8)", "id,label\na;1,a\n");
  EXPECT_EQ(load(flow).size(0), 2);
}

TEST_F(FileList, NamesThatEndInABackslash) {
  testing::write_own_picture(data_ / "a\\/1.jpg", 0);
  testing::write_own_picture(data_ / "a\\/2.jpg", 1);
  fs::create_directories(data_ / "odd");
  fs::copy(data_ / "a\\/1.jpg", data_ / "odd/x\\");
  fs::copy(data_ / "a\\/2.jpg", data_ / "odd/y\\;z");
  load(read(kFrames, "label,f\na,odd/x\\\\;odd/y\\\\\\;z\n"));
  load(read(kFrames, "label,f\na,a\\\n"));  // at the end of a cell it is itself
}

TEST_F(FileList, CellsOfOneFileAndOfTextTakeASemicolonAsItIs) {
  testing::write_own_picture(data_ / "a;1.jpg", 0);
  load(read(R"("type": "image", "column": "f", "size": 8)", "label,f\na,a;1.jpg\n"));
  load(read(R"("type": "image", "column": "f", "size": 8)", "label,f\na,a\\;1.jpg\n"));
  EXPECT_EQ(read(R"("type": "text", "column": "f")", "label,f\na,one\\; two; three\n")->rows[0].cells[0],
            "one\\; two; three");
}

TEST_F(FileList, ListsOfJsonLinesAreNames) {
  testing::write_own_picture(data_ / "a;1.jpg", 0);
  testing::write_own_picture(data_ / "b.jpg", 1);
  load(read(kFrames, "{\"label\": \"a\", \"f\": [\"a;1.jpg\", \"b.jpg\"]}\n", "metadata.jsonl"));
}

TEST_F(FileList, ImportersWriteThemSo) {
  const testing::TemporaryDirectory raw, target;
  for (const std::string place : {"train/cat/one;two", "train/dog/three", "test/cat/four;", "test/dog/five"}) {
    testing::write_own_picture(raw / ("a;b/" + place + "/1;2.jpg"), 0);
  }
  testing::run_importer(data::make_folders_importer(), raw / "a;b", target / "out");
  EXPECT_THAT(read_file(target / "out/metadata.csv"), HasSubstr("train/cat/one\\;two"));
  const auto manifest = std::make_shared<data::Manifest>(data::read_manifest(target / "out", 0));
  for (const char* split : {"train", "test"}) {
    const auto data = data::open_split(manifest, split, {}, 0);
    for (int64_t i = 0; i < data->size(); ++i) EXPECT_TRUE(data->get(i, nullptr).present[0]);
  }
}

TEST_F(FileList, OtherImportersWriteThemSo) {
  const auto all_present = [](const fs::path& out) {
    const auto data = data::open_split(std::make_shared<data::Manifest>(data::read_manifest(out, 0)), "train", {}, 0);
    for (int64_t i = 0; i < data->size(); ++i) {
      if (!data->get(i, nullptr).present[0]) return false;
    }
    return data->size() == 2;
  };
  const testing::TemporaryDirectory lists, hub, shards, scratch, target;
  testing::write_own_picture(lists / "p/a;1/x.jpg", 0);
  testing::write_own_picture(lists / "p/b/x.jpg", 1);
  lists.write("train.csv", "a;1,0\nb,1\n");
  testing::run_importer(data::make_csv_importer(), lists.path(), target / "lists", {{"root", "view=p/{id}"}});
  EXPECT_TRUE(all_present(target / "lists"));
  for (const std::string name : {"a;1.jpg", "b.jpg"}) testing::write_own_picture(hub / name, 0);
  hub.write("metadata.jsonl",
            "{\"view_file_names\": [\"a;1.jpg\", \"b.jpg\"], \"label\": \"x\"}\n"
            "{\"view_file_names\": [\"a;1.jpg\"], \"label\": \"y\"}\n");
  testing::run_importer(data::make_huggingface_importer(), hub.path(), target / "hub");
  EXPECT_TRUE(all_present(target / "hub"));
  hub.write("metadata.csv", "file_name,label\na;1.jpg,x\nb.jpg,y\n");
  testing::run_importer(data::make_huggingface_importer(), hub.path(), target / "hub-csv");
  EXPECT_TRUE(all_present(target / "hub-csv"));
  testing::write_own_picture(scratch / "a.jpg", 0);
  const std::string picture = testing::own_file(scratch / "a.jpg");
  shards.write("train-0.tar", testing::tar_member("a;1.jpg", picture) + testing::tar_member("a;1.cls", "x") +
                                  testing::tar_member("b.jpg", picture) + testing::tar_member("b.cls", "y") +
                                  testing::tar_end());
  testing::run_importer(data::make_webdataset_importer(), shards.path(), target / "shards");
  EXPECT_TRUE(all_present(target / "shards"));
}

}  // namespace
}  // namespace pdmp

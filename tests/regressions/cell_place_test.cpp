// Cells are regular files of bounded size inside the data set's folder or its roots; anything else is refused unread.
#include <fcntl.h>
#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "cli/program.h"
#include "data/encode/encode_png.h"
#include "data/npy/write_npy.h"
#include "support/media/encode_wav.h"
#include "support/media/tensors.h"
#include "support/media_set.h"
#include "support/temporary_directory.h"

namespace pdmp {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::ProgramResult;
using testing::run_program;
using testing::TemporaryDirectory;
using testing::write_media_set;

constexpr const char* kImage = R"("type": "image", "size": 8)";

ProgramResult check(const TemporaryDirectory& folder, std::vector<std::string> more = {}) {
  more.insert(more.begin(), {"data", "check", folder.path().string()});
  return run_program(more);
}

void write_picture(const fs::path& path) { write_png(path, torch::full({8, 8, 3}, 100, torch::kUInt8)); }

TEST(CellPlace, PipesSocketsDevicesAndFoldersAreRefusedForEveryType) {
  const TemporaryDirectory folder;
  const struct {
    const char *modality, *ending;
  } kTypes[] = {{kImage, ".png"},
                {R"("type": "frames", "size": 8, "frames": 1)", ".png"},
                {R"("type": "frames", "size": 8, "frames": 1)", ".mp4"},
                {R"("type": "audio", "profile": "log_mel_2s")", ".wav"},
                {R"("type": "tensor", "shape": [2])", ".npy"}};
  for (const auto& [modality, ending] : kTypes) {
    SCOPED_TRACE(modality);
    const std::string pipe = std::string("pipe") + ending, device = std::string("device") + ending;
    fs::remove(folder / pipe);
    fs::remove(folder / device);
    ASSERT_EQ(mkfifo((folder / pipe).c_str(), 0600), 0);
    fs::create_symlink("/dev/zero", folder / device);
    write_media_set(folder, std::string(modality) + R"(, "root": "/")",
                    {(folder / pipe).string(), (folder / device).string(), "/dev/null"});
    const ProgramResult result = check(folder);
    EXPECT_EQ(result.code, 1);
    EXPECT_THAT(result.out, HasSubstr("a named pipe"));
    EXPECT_THAT(result.out, HasSubstr("a device"));
    EXPECT_LT(run_program({"data", "info", folder.path().string()}).code, 2);
  }
}

TEST(CellPlace, PipesAsFlowAreRefused) {
  const TemporaryDirectory folder;
  ASSERT_EQ(mkfifo((folder / "u.png").c_str(), 0600), 0);
  write_picture(folder / "v.png");
  write_media_set(folder, R"("type": "flow", "size": 8, "frames": 1)", {"u.png;v.png", "v.png;u.png"});
  EXPECT_THAT(check(folder).out, HasSubstr("a named pipe"));
}

TEST(CellPlace, TrainingIsNotHeldByAPipe) {
  const TemporaryDirectory folder;
  ASSERT_EQ(mkfifo((folder / "pipe.png").c_str(), 0600), 0);
  for (int i = 0; i < 8; ++i) write_picture(folder / (std::to_string(i) + ".png"));
  write_media_set(folder, kImage, {"pipe.png", "0.png", "1.png", "2.png", "3.png", "4.png", "5.png", "6.png"});
  const ProgramResult train =
      run_program({"train", "--data", folder.path().string(), "--run", (folder / "run").string(), "--epochs", "1"});
  EXPECT_EQ(train.code, 1);
  EXPECT_THAT(train.error, HasSubstr("a named pipe"));
  EXPECT_EQ(
      run_program({"cache", "fill", "--data", folder.path().string(), "--cache", (folder / "cache").string()}).code, 0);
}

TEST(CellPlace, FilesTooLargeAreRefusedUnread) {
  const TemporaryDirectory folder;
  write_picture(folder / "sparse.png");
  fs::resize_file(folder / "sparse.png", uintmax_t{5} << 30);
  write_picture(folder / "two.png");
  fs::resize_file(folder / "two.png", uintmax_t{2} << 20);  // zeros behind the end do no harm
  write_media_set(folder, kImage, {"sparse.png", "two.png"});
  const ProgramResult usual = check(folder);
  EXPECT_THAT(usual.out,
              HasSubstr("sparse.png': expected a picture (PNG, JPEG, WebP, GIF, TIFF, BMP, PPM or SVG) of at most 1024 "
                        "MiB, found 5120 MiB"));
  EXPECT_THAT(usual.out, HasSubstr("--max-file-mib"));
  EXPECT_THAT(usual.out, Not(HasSubstr("two.png")));
  EXPECT_THAT(check(folder, {"--max-file-mib", "1"}).out,
              HasSubstr("two.png': expected a picture (PNG, JPEG, WebP, GIF, TIFF, BMP, "
                        "PPM or SVG) of at most 1 MiB, found 2 MiB"));
}

TEST(CellPlace, FilesThatTakeTooLongAreGivenUp) {
  const TemporaryDirectory folder;
  write_wav(folder / "a.wav", torch::zeros({1 << 22}), 16000);
  write_media_set(folder, R"("type": "audio", "profile": "log_psd_10s")", {"a.wav"});
  EXPECT_EQ(check(folder).code, 0);
  const ProgramResult hurried = check(folder, {"--max-file-seconds", "0.000001"});
  EXPECT_EQ(hurried.code, 1);
  EXPECT_THAT(hurried.out, HasSubstr("--max-file-seconds"));
}

// A private file outside, and the ways to it.
class Outside : public ::testing::Test {
 protected:
  void SetUp() override {
    elsewhere_.write("private.png", "PRIVATE-BYTES of somebody");
    fs::create_directories(elsewhere_ / "pictures");
    write_picture(elsewhere_ / "pictures/1.png");
    write_picture(folder_ / "good.png");
    fs::create_symlink(elsewhere_ / "private.png", folder_ / "link.png");
    fs::create_symlink(elsewhere_.path(), folder_ / "linked");
    fs::create_symlink("good.png", folder_ / "inner.png");
  }
  std::string up() const { return "../" + elsewhere_.path().filename().string(); }

  TemporaryDirectory folder_, elsewhere_;
};

TEST_F(Outside, PathsAndLinksThatLeadOutAreRefusedWithoutABytes) {
  write_media_set(folder_, kImage,
                  {(elsewhere_ / "private.png").string(), up() + "/private.png", "link.png", "linked/private.png",
                   "good.png", "inner.png", (folder_ / "good.png").string(), "./a/../good.png"});
  fs::create_directories(folder_ / "a");
  for (const ProgramResult& result :
       {check(folder_), run_program({"data", "info", folder_.path().string()}),
        run_program({"data", "show", folder_.path().string(), "--id", "2", "--out", (folder_ / "x.png").string()})}) {
    EXPECT_THAT(result.out + result.error, Not(HasSubstr("PRIVATE")));
    EXPECT_THAT(result.out + result.error, Not(HasSubstr("50 52 49")));  // the same in hexadecimal
  }
  const ProgramResult result = check(folder_, {"--json"});
  EXPECT_THAT(result.out, HasSubstr("\"failed\": 4,"));
  EXPECT_THAT(result.out, HasSubstr("a path that leads out of it"));
  EXPECT_THAT(result.out, HasSubstr("root"));
}

TEST_F(Outside, FoldersThatLeadOutAreNotListed) {
  for (const char* modality :
       {R"("type": "frames", "size": 8, "frames": 1)", R"("type": "flow", "size": 8, "frames": 1)"}) {
    write_media_set(folder_, modality, {"linked/pictures", up() + "/pictures", (elsewhere_ / "pictures").string()});
    EXPECT_THAT(check(folder_, {"--json"}).out, HasSubstr("\"failed\": 3,"));
    EXPECT_THAT(run_program({"data", "info", folder_.path().string()}).out, Not(HasSubstr("private")));
  }
}

TEST_F(Outside, ACacheHandsOutNoFileFromOutside) {
  write_media_set(folder_, R"("type": "image", "size": 8, "root": "linked")", {"pictures/1.png", "pictures/1.png"});
  const std::string cache = (folder_ / "cache").string(), data = folder_.path().string();
  ASSERT_EQ(run_program({"cache", "fill", "--data", data, "--cache", cache}).code, 0);
  write_media_set(folder_, kImage, {"linked/pictures/1.png", "linked/pictures/1.png"});
  EXPECT_THAT(run_program({"cache", "fill", "--data", data, "--cache", cache}).error, HasSubstr("2 of 2 cells"));
}

TEST_F(Outside, ARootOutsideIsSaidAndRefusedAsUntrusted) {
  write_media_set(folder_, R"("type": "image", "size": 8, "root": ")" + (elsewhere_ / "pictures").string() + "\"",
                  {"1.png", "1.png", "1.png", "1.png"});
  const std::string data = folder_.path().string(), run = (folder_ / "run").string();
  const std::vector<std::vector<std::string>> commands = {
      {"data", "check", data},
      {"data", "info", data},
      {"data", "show", data, "--id", "1", "--out", (folder_ / "x.png").string()},
      {"cache", "fill", "--data", data, "--cache", (folder_ / "cache").string()},
      {"train", "--data", data, "--run", run, "--overwrite", "--epochs", "1", "--encoders", "m=resnet18:width=8"},
      {"evaluate", "--run", run},
      {"predict", "--run", run}};
  for (std::vector<std::string> command : commands) {
    SCOPED_TRACE(command[0] + " " + command[1]);
    const ProgramResult usual = run_program(command);
    EXPECT_EQ(usual.code, 0) << usual.error;
    const std::string said =
        "outside the data set's folder: \"root\" '" + fs::canonical(elsewhere_ / "pictures").string();
    EXPECT_THAT(usual.error, HasSubstr(said));
    EXPECT_EQ(usual.error.find(said), usual.error.rfind(said)) << "said more than once";
    command.emplace_back("--untrusted");
    const ProgramResult untrusted = run_program(command);
    EXPECT_NE(untrusted.code, 0);
    EXPECT_THAT(untrusted.error, HasSubstr("--untrusted"));
  }
}

TEST_F(Outside, RootsInsideAreNothingToSay) {
  fs::create_directories(folder_ / "p");
  write_picture(folder_ / "p/1.png");
  write_media_set(folder_, R"("type": "image", "size": 8, "root": "p")", {"1.png"});
  const ProgramResult result = check(folder_, {"--untrusted"});
  EXPECT_EQ(result.code, 0) << result.out;
  EXPECT_THAT(result.error, Not(HasSubstr("outside")));
}

TEST_F(Outside, ALinkAsRootLeadsOutToo) {
  write_media_set(folder_, R"("type": "image", "size": 8, "root": "linked/pictures")", {"1.png"});
  EXPECT_THAT(check(folder_).error, HasSubstr("outside the data set's folder"));
  EXPECT_EQ(check(folder_, {"--untrusted"}).code, 1);
}

TEST_F(Outside, TheFlagReachesRunsOfAComparison) {
  write_media_set(folder_, R"("type": "image", "size": 8, "root": "linked/pictures")",
                  {"1.png", "1.png", "1.png", "1.png"});
  const ProgramResult compare =
      run_program({"compare", "--data", folder_.path().string(), "--out", (folder_ / "c").string(), "--methods",
                   "joint", "--seeds", "1", "--epochs", "1", "--encoders", "m=resnet18:width=8", "--untrusted"});
  EXPECT_NE(compare.code, 0);
  EXPECT_THAT(compare.error, HasSubstr("--untrusted"));
}

TEST_F(Outside, TheDescriptionIsARegularFileInTheFolder) {
  const std::string dataset =
      R"({"classes": ["a", "b"], "modalities": [{"name": "m", "column": "file", )" + std::string(kImage) + "}]}";
  const std::string rows = "id,split,label,file\n1,train,a,good.png\n";
  elsewhere_.write("private.csv", "PRIVATE,columns\n1,2\n");
  elsewhere_.write("private.json", "{\"PRIVATE\": 1}");
  for (const char* name : {"dataset.json", "metadata.csv"}) {
    SCOPED_TRACE(name);
    const auto fresh = [&] {
      folder_.write("dataset.json", dataset);
      folder_.write("metadata.csv", rows);
      fs::remove(folder_ / name);
    };
    fresh();
    ASSERT_EQ(mkfifo((folder_ / name).c_str(), 0600), 0);
    EXPECT_THAT(check(folder_).error, HasSubstr("a named pipe"));
    fs::remove(folder_ / name);
    fs::create_symlink("/dev/zero", folder_ / name);
    EXPECT_EQ(check(folder_).code, 1);
    fs::remove(folder_ / name);
    fs::create_symlink(elsewhere_ / (name == std::string("dataset.json") ? "private.json" : "private.csv"),
                       folder_ / name);
    const ProgramResult linked = check(folder_);
    EXPECT_EQ(linked.code, 1);
    EXPECT_THAT(linked.error, HasSubstr("leads out"));
    EXPECT_THAT(linked.error, Not(HasSubstr("PRIVATE")));
    fs::remove(folder_ / name);
  }
  folder_.write("dataset.json", R"({"metadata": ")" + up() + R"(/private.csv", )" + dataset.substr(1));
  const ProgramResult named = check(folder_);
  EXPECT_THAT(named.error, HasSubstr("leads out"));
  EXPECT_THAT(named.error, Not(HasSubstr("PRIVATE")));
}

TEST(CellPlace, ImportersTakeNothingFromOutsideTheDownload) {
  const TemporaryDirectory raw, elsewhere, out;
  elsewhere.write("private.txt", "PRIVATE words");
  raw.write("metadata.csv", "file_name,text_file_name,label\ngood.png,../" + elsewhere.path().filename().string() +
                                "/private.txt,a\ngood.png,,b\n");
  write_picture(raw / "good.png");
  const std::string target = (out / "set").string();
  const ProgramResult result = run_program({"prepare", "huggingface", "--raw", raw.path().string(), "--out", target});
  EXPECT_THAT(result.error, HasSubstr("lies outside"));
  std::ifstream table(target + "/metadata.csv");
  const std::string text((std::istreambuf_iterator<char>(table)), {});
  EXPECT_THAT(text, HasSubstr("good.png"));
  EXPECT_THAT(text, Not(HasSubstr("PRIVATE")));
}

TEST(CellPlace, ArchivesArePlainFiles) {
  const TemporaryDirectory raw, out;
  ASSERT_EQ(mkfifo((raw / "train.tar").c_str(), 0600), 0);
  EXPECT_NE(run_program({"prepare", "webdataset", "--raw", raw.path().string(), "--out", (out / "set").string()}).code,
            0);
}

}  // namespace
}  // namespace pdmp

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/program.h"
#include "cli/trained_run.h"

namespace pdmp::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

// 3 classes; 8 samples of each in train, 4 in val and in test.
class DataInfo : public ::testing::Test {
 protected:
  DataInfo() : data_(write_toy_data(directory_.path(), 8, {"caption", "wave", "picture"})) {}
  std::string info(std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"info", directory_.path().string()});
    return call(cli::data_command, more);
  }

  TemporaryDirectory directory_;
  ToyData data_;
};

TEST_F(DataInfo, TablesOfClassesCellsAndModalities) {
  data_.rows[2].picture.clear();
  data_.write(directory_.path());
  fs::remove(directory_ / "wave/train3.npy");
  const std::string text = info();
  EXPECT_THAT(text, HasSubstr("toy: 3 classes, 48 samples, 94 files, "));
  EXPECT_THAT(text, ContainsRegex("class +train +val +test +all +share\nred +8 +4 +4 +16 +33.3 %"));
  EXPECT_THAT(text, ContainsRegex("\nall +24 +12 +12 +48\n"));
  EXPECT_THAT(text, HasSubstr("balance of train: largest class red (8), smallest red (8), ratio 1.00"));
  EXPECT_THAT(text, ContainsRegex("\npicture +train +24 +1 +0\n"));
  EXPECT_THAT(text, ContainsRegex("\nwave +train +24 +0 +1\n"));
  EXPECT_THAT(text, ContainsRegex("\ncaption +text +16 +0 +- +- +- +-\n"));
  EXPECT_THAT(text, ContainsRegex("\nwave +tensor +2x32 +47 +[0-9.]+ kB +- +- +-\n"));
  EXPECT_THAT(text, ContainsRegex("\npicture +image +3x16x16 +47 +[0-9.]+ kB +- +16 / 16 / 16 +16 / 16 / 16\n"));
  EXPECT_THAT(text, HasSubstr("leakage: files with the same content in two splits: 0; groups in two splits: 0 (numbers "
                              "and texts of the table itself are not compared)\n"));
}

TEST_F(DataInfo, JsonHasTheSameNumbers) {
  const nlohmann::json json = nlohmann::json::parse(info({"--json", "--workers", "2"}));
  EXPECT_EQ(json.at("classes"), (nlohmann::json{"red", "green", "blue"}));
  EXPECT_EQ(json.at("splits").at("val").at("classes"), (nlohmann::json{4, 4, 4}));
  EXPECT_EQ(json.at("splits").at("train").at("ratio"), 1.0);
  const nlohmann::json& picture = json.at("modalities").at(2);
  EXPECT_EQ(picture.at("shape"), (nlohmann::json{3, 16, 16}));
  EXPECT_EQ(picture.at("width").at("median"), 16);
  EXPECT_TRUE(picture.at("seconds").is_null());
  EXPECT_EQ(picture.at("cells").at("test").at("samples"), 12);
  EXPECT_EQ(json.at("files"), 96);
  EXPECT_FALSE(json.at("leakage").at("found"));
}

TEST_F(DataInfo, LeakageNamesTheFirstFivePairs) {
  for (int i = 0; i < 7; ++i) {
    fs::copy_file(directory_ / ("picture/train" + std::to_string(i) + ".png"),
                  directory_ / ("picture/test" + std::to_string(i) + ".png"), fs::copy_options::overwrite_existing);
  }
  const nlohmann::json json = nlohmann::json::parse(info({"--json"}));
  EXPECT_TRUE(json.at("leakage").at("found"));
  EXPECT_EQ(json.at("leakage").at("contents").size(), 7u);
  const std::string text = info();
  EXPECT_THAT(text, HasSubstr("leakage: files with the same content in two splits: 7;"));
  EXPECT_THAT(text, HasSubstr("  train picture/train4.png = test picture/test4.png\n"));
  EXPECT_THAT(text, ::testing::Not(HasSubstr("train5.png")));
  const ProgramResult result = run_program({"data", "info", directory_.path().string(), "--quiet"});
  EXPECT_EQ(result.code, 0);
  EXPECT_THAT(
      result.error,
      HasSubstr("warning: leakage: files with the same content in two splits, so that scores measure memory: 7: "));
  EXPECT_THAT(result.error, HasSubstr("train picture/train0.png = test picture/test0.png"));
}

TEST_F(DataInfo, GroupsOnBothSides) {
  std::ofstream(directory_ / "metadata.csv") << "id,split,label,caption,wave_file_name,picture_file_name,group\n"
                                                "a,train,red,x,,,ann\nb,train,green,x,,,ben\nc,test,green,x,,,ann\n";
  const std::string text = info();
  EXPECT_THAT(text, HasSubstr("groups in two splits: 1 (numbers and texts of the table itself are not compared)\n"
                              "  group ann (train, test)\n"));
  EXPECT_THAT(text, HasSubstr("balance of test: largest class green (1), smallest red (0)\n"));
  EXPECT_THAT(text, ContainsRegex("\nwave +tensor +unknown +0 "));
}

}  // namespace
}  // namespace pdmp::testing

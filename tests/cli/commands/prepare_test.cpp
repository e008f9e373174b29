#include <cstring>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/program.h"
#include "cli/trained_run.h"
#include "data/cache/sample_cache.h"
#include "support/expect_error.h"
#include "support/media/encode_wav.h"
#include "support/png.h"

namespace pdmp::testing {
namespace {

// Two classes of six stamps, as Tux Paint lays them out.
void write_stamps(const std::filesystem::path& folder) {
  for (const std::string category : {"animals", "town"}) {
    for (int i = 0; i < 6; ++i) {
      const auto base = folder / category / ("thing" + std::to_string(i));
      std::filesystem::create_directories(base.parent_path());
      std::ofstream(base.string() + ".png", std::ios::binary) << png(8, 8, std::string(192, static_cast<char>(20 * i)));
      std::ofstream(base.string() + ".txt") << "Thing number " << i << ".\n";
    }
  }
}

TEST(PrepareCommand, WritesADataSet) {
  const TemporaryDirectory directory;
  write_stamps(directory / "raw");
  const auto out = directory / "out";
  call(cli::prepare_command,
       {"tuxpaint", "--raw", (directory / "raw").string(), "--out", out.string(), "--min-objects", "2"});
  EXPECT_TRUE(std::filesystem::exists(out / "dataset.json"));
  std::ifstream table(out / "metadata.csv");
  const std::string text(std::istreambuf_iterator<char>(table), {});
  EXPECT_THAT(text, ::testing::HasSubstr("Thing number 3."));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 13);
}

TEST(PrepareCommand, RefusesUnknownNamesAndMissingFolders) {
  expect_error(ErrorKind::usage, {"tuxpiant", "'tuxpaint'"}, [] {
    call(cli::prepare_command, {"tuxpiant", "--raw", "x", "--out", "y"});
  });
  expect_error(ErrorKind::usage, {"--raw"}, [] { call(cli::prepare_command, {"tuxpaint", "--out", "y"}); });
  expect_error(ErrorKind::usage, {"NAME"}, [] { call(cli::prepare_command, {"--raw", "x", "--out", "y"}); });
  expect_error(ErrorKind::usage, {"NAME", "before"}, [] {
    call(cli::prepare_command, {"--raw", "x", "--out", "y", "tuxpaint"});
  });
}

TEST(PrepareCommand, HelpOfAnImporterHasItsFlags) {
  std::ostringstream general, special;
  cli::prepare_command({"--help"}, general);
  cli::prepare_command({"tuxpaint", "--help"}, special);
  EXPECT_THAT(general.str(), ::testing::Not(::testing::HasSubstr("--min-objects")));
  EXPECT_THAT(special.str(), ::testing::HasSubstr("--min-objects"));
}

// Pictures and tones in folders: two classes, three samples each a split. No two files are alike, so that each is an
// entry of its own; a picture of train and a tone of test do not decode.
struct PrepareWithCache : ::testing::Test {
  using Words = std::vector<std::string>;
  static constexpr int64_t kPictures = 5, kResized = 12, kSounds = 17;  // that decode: of 6, 12 and 18
  TemporaryDirectory directory;
  std::string raw = (directory / "raw").string(), data = (directory / "data").string(),
              cache = (directory / "cache").string();

  void SetUp() override {
    int number = 0;
    for (const std::string split : {"train", "val", "test"}) {
      for (const std::string label : {"cat", "dog"}) {
        for (int i = 0; i < 3; ++i) write_sample("raw/" + split, label + "/" + std::to_string(i), ++number);
      }
    }
    directory.write("raw/train/picture/cat/0.png", "no picture");
    directory.write("raw/test/sound/dog/2.wav", "no recording");
  }

  void write_sample(const std::string& split, const std::string& name, int number) const {
    const Tensor tone = 0.5 * torch::sin(torch::arange(8000) * (0.05 * number));
    directory.write(split + "/picture/" + name + ".png", png(8, 8, std::string(192, static_cast<char>(12 * number))));
    std::filesystem::create_directories((directory / (split + "/sound/" + name)).parent_path());
    write_wav(directory / (split + "/sound/" + name + ".wav"), tone, 16000);
  }

  Words arguments(const std::string& folder, const Words& more = {}) const {
    Words words = {"folders", "--raw", raw, "--out", data, "--cache", folder};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }

  nlohmann::json info() const { return nlohmann::json::parse(call(cli::cache_command, {"info", cache, "--json"})); }

  // One error, which names the cache and what to do.
  void expect_failure(const std::string& folder, const Words& more, const Words& words) const {
    Words program = {"prepare"};
    for (const std::string& word : arguments(folder, more)) program.push_back(word);
    program.emplace_back("--quiet");
    const ProgramResult result = run_program(program);
    EXPECT_EQ(result.code, 1);
    EXPECT_THAT(result.out, ::testing::IsEmpty());
    const std::string last = result.error.substr(result.error.rfind('\n', result.error.size() - 2) + 1);
    EXPECT_THAT(last, ::testing::StartsWith("pdmp: "));
    EXPECT_THAT(last, ::testing::HasSubstr("'" + folder + "'"));
    for (const std::string& word : words) EXPECT_THAT(last, ::testing::HasSubstr(word));
  }
  bool is_prepared() const { return std::filesystem::exists(std::filesystem::path(data) / "dataset.json"); }
};

TEST_F(PrepareWithCache, HoldsEverySampleThatDecodes) {
  EXPECT_EQ(call(cli::prepare_command, arguments(cache)), "");
  const nlohmann::json kinds = info().at("kinds");
  EXPECT_EQ(kinds.at("decoded pictures").at("entries"), kPictures);
  EXPECT_EQ(kinds.at("resized pictures").at("entries"), kResized);
  EXPECT_EQ(kinds.at("spectrograms").at("entries"), kSounds);
  EXPECT_EQ(info().at("entries"), kPictures + kResized + kSounds);
  EXPECT_EQ(call(cli::cache_command, {"verify", cache}), "34 entries, 0 bad\n");
  // Nothing is left to do, neither for the same command nor for the one that fills.
  EXPECT_EQ(call(cli::prepare_command, arguments(cache)), "");
  EXPECT_EQ(call(cli::cache_command, {"fill", "--data", data, "--cache", cache, "--list"}), "");
  EXPECT_EQ(info().at("entries"), kPictures + kResized + kSounds);
}

// The hour an entry was last used in begins its record of uses.
void forget_uses(const std::string& cache) {
  const auto store = data::KeyStore::open(cache, int64_t{1} << 30);
  data::Transaction transaction(*store, data::Transaction::Access::write);
  std::map<std::string, std::string> uses;
  transaction.each(data::KeyStore::Table::uses,
                   [&](std::string_view key, std::string_view use) { uses.emplace(key, use); });
  for (auto& [key, use] : uses)
    transaction.put(data::KeyStore::Table::uses, key, use.replace(0, sizeof(int64_t), 8, '\0'));
  transaction.commit();
}

int64_t count_used(const std::string& cache) {
  const auto store = data::KeyStore::open(cache, int64_t{1} << 30);
  int64_t used = 0;
  data::Transaction(*store, data::Transaction::Access::read)
      .each(data::KeyStore::Table::uses, [&](std::string_view, std::string_view use) {
        int64_t hour = 0;
        std::memcpy(&hour, use.data(), sizeof(hour));
        if (hour > 0) ++used;
      });
  return used;
}

TEST_F(PrepareWithCache, TrainingFindsAllOfIt) {
  call(cli::prepare_command, arguments(cache));
  forget_uses(cache);
  EXPECT_EQ(count_used(cache), 0);
  call(cli::train_command,
       fast({"--data", data, "--run", (directory / "run").string(), "--method", "joint", "--encoders",
             "picture=resnet18:width=4,sound=resnet18:width=4", "--max-undecodable", "0.5", "--cache", cache}));
  EXPECT_EQ(count_used(cache), kPictures + kResized + kSounds);
  EXPECT_EQ(info().at("entries"), kPictures + kResized + kSounds) << "decoded again";
}

// What is plainly no folder is refused before anything is imported; for the rest the data set is there all the same.
TEST_F(PrepareWithCache, SaysThatTheFolderCannotBeUsed) {
  directory.write("file", "no folder");
  expect_failure((directory / "file").string(), {}, {"--cache", "a file"});
  EXPECT_FALSE(is_prepared());
  expect_failure("/proc/none", {}, {"--cache", "cannot"});
  EXPECT_TRUE(is_prepared());
}

TEST_F(PrepareWithCache, SaysThatTheLimitIsTooLow) {
  expect_failure(cache, {"--cache-gib", "0.001"}, {"full", "--cache-gib"});
  EXPECT_TRUE(is_prepared());
  EXPECT_THAT(call(cli::cache_command, {"verify", cache}), ::testing::HasSubstr(", 0 bad"));  // what is there is whole
  EXPECT_LT(info().at("entries"), kPictures + kResized + kSounds);
  call(cli::prepare_command, arguments(cache));  // the rest, where the limit allows it
  EXPECT_EQ(info().at("entries"), kPictures + kResized + kSounds);
}

}  // namespace
}  // namespace pdmp::testing

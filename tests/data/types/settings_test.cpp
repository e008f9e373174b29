#include "data/types/settings.h"

#include <gtest/gtest.h>

#include "data/types/entry.h"
#include "support/expect_error.h"

namespace pdmp::data {
namespace {

using testing::entry;
using testing::expect_error;

TEST(Settings, ReadsValuesAndDefaults) {
  Settings settings(entry("image", R"("size": 8, "p": 0.25, "way": "b", "mean": [1, 2.5], "shape": [3, 4])"));
  EXPECT_EQ(settings.integer("size", 1, 1, 10), 8);
  EXPECT_EQ(settings.integer("other", 7, 1, 10), 7);
  EXPECT_EQ(settings.number("p", 1, 0, 1), 0.25);
  EXPECT_EQ(settings.choice("way", "a", {"a", "b"}), "b");
  EXPECT_EQ(settings.numbers("mean", {0, 0}), (std::vector<double>{1, 2.5}));
  EXPECT_EQ(settings.sizes("shape"), (std::vector<int64_t>{3, 4}));
  EXPECT_TRUE(settings.sizes("none").empty());
  EXPECT_NO_THROW(settings.finish());
}

TEST(Settings, RefusesValuesThatDoNotFit) {
  Settings settings(
      entry("image", R"("size": 0, "real": 1.5, "p": 2, "way": "c", "mean": [1], "shape": [0], "text": 3)"));
  expect_error(ErrorKind::data, {"modality 'm'", "size", "1 to 10", "found 0"},
               [&] { settings.integer("size", 1, 1, 10); });
  expect_error(ErrorKind::data, {"real", "whole number", "1.5"}, [&] { settings.integer("real", 1, 1, 10); });
  expect_error(ErrorKind::data, {"p", "0 to 1", "2"}, [&] { settings.number("p", 1, 0, 1); });
  expect_error(ErrorKind::data, {"way", "a, b", "\"c\""}, [&] { settings.choice("way", "a", {"a", "b"}); });
  expect_error(ErrorKind::data, {"mean", "list of 2 numbers", "[1]"}, [&] { settings.numbers("mean", {0, 0}); });
  expect_error(ErrorKind::data, {"shape", "[0]"}, [&] { settings.sizes("shape"); });
  expect_error(ErrorKind::data, {"text", "string"}, [&] { settings.text("text", ""); });
}

// 2^64 - 1 as a signed number would be -1.
TEST(Settings, RefusesSizesThatNoArrayHas) {
  Settings settings(entry("tensor", R"("shape": [18446744073709551615])"));
  expect_error(ErrorKind::data, {"shape", "from 1 to 1000000000", "18446744073709551615"},
               [&] { settings.sizes("shape"); });
}

TEST(Settings, RefusesUnknownKeysWithTheNearest) {
  Settings settings(entry("image", R"("siez": 8)"));
  settings.integer("size", 1, 1, 10);
  expect_error(ErrorKind::data, {"modality 'm'", "siez", "did you mean 'size'"}, [&] { settings.finish(); });
}

}  // namespace
}  // namespace pdmp::data

#include "data/tables/packed_texts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdexcept>

namespace pdmp::data {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(PackedTexts, GivesBackWhatWasAdded) {
  PackedTexts texts;
  texts.add({"a", "", "b c"});
  texts.add({});
  texts.add({std::string("\0\xFF\n", 3)});
  ASSERT_EQ(texts.size(), 3u);
  EXPECT_THAT(texts.list(0), ElementsAre("a", "", "b c"));
  EXPECT_THAT(texts.list(1), IsEmpty());
  EXPECT_THAT(texts.list(2), ElementsAre(std::string("\0\xFF\n", 3)));
  EXPECT_EQ(texts.text(0, 1), "");
  EXPECT_EQ(texts.text(0, 2), "b c");
}

TEST(PackedTexts, TextsMayBeLong) {
  for (const size_t length : {127, 128, 255, 256, 16383, 16384, 3000000}) {
    const std::string text(length, 'x');
    PackedTexts texts;
    texts.add({"before", text, "behind"});
    EXPECT_THAT(texts.list(0), ElementsAre("before", text, "behind")) << length;
    EXPECT_EQ(texts.text(0, 2), "behind") << length;
  }
}

TEST(PackedTexts, WhatIsNotThereIsRefused) {
  PackedTexts texts;
  texts.add({"a"});
  texts.add({"b"});
  EXPECT_THROW(texts.list(2), std::out_of_range);
  EXPECT_THROW(texts.text(2, 0), std::out_of_range);
  EXPECT_THROW(texts.text(0, 1), std::out_of_range);
}

}  // namespace
}  // namespace pdmp::data

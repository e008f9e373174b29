#include <gtest/gtest.h>

#include "data/types/entry.h"
#include "pdmp/torch.h"
#include "support/expect_error.h"

namespace pdmp::data {
namespace {

using testing::cell;
using testing::entry;

std::vector<int64_t> load(const std::string& text, int64_t max_bytes) {
  const auto type = make_modality_type(entry("text", "\"max_bytes\": " + std::to_string(max_bytes)));
  const Tensor bytes = type->load(cell(text), nullptr);
  EXPECT_EQ(bytes.scalar_type(), torch::kInt64);
  return {bytes.data_ptr<int64_t>(), bytes.data_ptr<int64_t>() + bytes.numel()};
}

using Bytes = std::vector<int64_t>;

TEST(TextType, AddsOneToBytesAndPads) {
  EXPECT_EQ(load("ab", 4), (Bytes{98, 99, 0, 0}));
  EXPECT_EQ(load("\xC3\xA9", 3), (Bytes{0xC4, 0xAA, 0}));  // é
  EXPECT_EQ(make_modality_type(entry("text"))->shape(nullptr), (Bytes{128}));
}

TEST(TextType, CutsBetweenCharacters) {
  EXPECT_EQ(load("abcdef", 3), (Bytes{98, 99, 100}));
  EXPECT_EQ(load("ab\xC3\xA9", 3), (Bytes{98, 99, 0}));
  EXPECT_EQ(load("\xE2\x82\xAC"
                 "a",
                 3),
            (Bytes{0xE3, 0x83, 0xAD}));  // €
  EXPECT_EQ(load("\xF0\x9F\x98\x80", 3), (Bytes{0, 0, 0}));
}

TEST(TextType, RefusesOtherEncodings) {
  const auto type = make_modality_type(entry("text"));
  testing::expect_error(ErrorKind::data, {"modality 'm'", "UTF-8", "0xe9", "position 3"},
                        [&] { type->load(cell("caf\xE9"), nullptr); });
}

}  // namespace
}  // namespace pdmp::data

#include "data/tables/line_cutter.h"

#include <gtest/gtest.h>
#include <tuple>
#include <vector>

namespace pdmp::data {
namespace {

using Line = std::tuple<int64_t, std::string, bool>;

std::vector<Line> cut(const std::vector<std::string>& blocks, size_t most = 100) {
  std::vector<Line> lines;
  LineCutter cutter(most, [&](int64_t number, std::string_view line, bool whole) {
    lines.emplace_back(number, std::string(line), whole);
  });
  for (const std::string& block : blocks) cutter.add(block);
  cutter.finish();
  return lines;
}

TEST(LineCutter, BlocksMayEndAnywhere) {
  const std::vector<Line> expected = {{1, "one", true}, {2, "", true}, {3, "three", true}};
  EXPECT_EQ(cut({"one\n\nthree"}), expected);
  EXPECT_EQ(cut({"on", "e\n", "\nth", "ree\n"}), expected);
  EXPECT_TRUE(cut({""}).empty());
}

TEST(LineCutter, LongLinesAreCutAndTheNextOneIsWhole) {
  EXPECT_EQ(cut({"abcd", "ef\n", "abc\n"}, 5), (std::vector<Line>{{1, "abcde", false}, {2, "abc", true}}));
  EXPECT_EQ(cut({"abcde\n"}, 5), (std::vector<Line>{{1, "abcde", true}}));
}

}  // namespace
}  // namespace pdmp::data

#include "base/table.h"

#include <gmock/gmock.h>

#include "support/expect_error.h"

namespace pdmp {
namespace {

struct Fruit {
  const char* name;
  int seeds;
};
constexpr Fruit kFruits[] = {{"apple", 5}, {"cherry", 1}};

TEST(Table, RowsAreFoundByName) {
  EXPECT_EQ(find_row(kFruits, "cherry")->seeds, 1);
  EXPECT_EQ(find_row(kFruits, "cherr"), nullptr);
  EXPECT_EQ(&get_row(kFruits, "apple", "unknown fruit"), &kFruits[0]);
  EXPECT_THAT(row_names(kFruits), ::testing::ElementsAre("apple", "cherry"));
}

TEST(Table, AnUnknownNameGetsTheNearest) {
  testing::expect_error(ErrorKind::usage, {"unknown fruit 'chery'", "cherry"},
                        [] { get_row(kFruits, "chery", "unknown fruit"); });
  testing::expect_error(ErrorKind::data, {"unknown fruit 'x'"},
                        [] { get_row(kFruits, "x", "unknown fruit", ErrorKind::data); });
}

}  // namespace
}  // namespace pdmp

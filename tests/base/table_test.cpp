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
  try {
    get_row(kFruits, "chery", "unknown fruit");
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.found(), "chery");
  }
}

TEST(Table, RowsOfTheCallersAreAddedByNewPlainNames) {
  Registry<Fruit> fruits = {{"apple", 5}};
  const Fruit* first = &fruits.front();
  add_row(fruits, Fruit{"passion_fruit2", 200}, "fruit");
  EXPECT_EQ(get_row(fruits, "passion_fruit2", "unknown fruit").seeds, 200);
  EXPECT_EQ(&fruits.front(), first);
  testing::expect_error(ErrorKind::usage, {"fruit 'apple'", "there already"}, [&] {
    add_row(fruits, Fruit{"apple", 4}, "fruit");
  });
  for (const char* name : {"", "Apple", "2nd", "a b", "a=b", "a:b", "a.b", "_a", "\xC3\xA4"}) {
    testing::expect_error(ErrorKind::usage, {"small letters"}, [&] { add_row(fruits, Fruit{name, 1}, "fruit"); });
  }
  EXPECT_EQ(fruits.size(), 2u);
}

}  // namespace
}  // namespace pdmp

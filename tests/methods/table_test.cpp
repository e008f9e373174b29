#include <gmock/gmock.h>
#include <set>

#include "pdmp/error.h"
#include "pdmp/method.h"

namespace pdmp::methods {
namespace {

TEST(MethodTable, NamesAreUniqueAndDescribed) {
  std::set<std::string> names;
  for (const MethodInfo& info : method_table()) {
    EXPECT_TRUE(names.insert(info.name).second) << info.name;
    EXPECT_STRNE(info.summary, "");
    EXPECT_STRNE(info.source, "");
    EXPECT_NE(info.make_options()->make(), nullptr);
    EXPECT_EQ(&find_method(info.name), &info);
  }
  EXPECT_TRUE(names.count("joint") == 1 && names.count("pdmp") == 1);
}

TEST(MethodTable, UnknownNameSuggestsTheNearest) {
  try {
    find_method("pdpm");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    EXPECT_THAT(error.what(), ::testing::HasSubstr("unknown method 'pdpm'; did you mean 'pdmp'"));
  }
}

}  // namespace
}  // namespace pdmp::methods

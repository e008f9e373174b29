#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pdmp/error.h"
#include "pdmp/importer.h"

namespace pdmp::data {
namespace {

using ::testing::HasSubstr;

TEST(ImporterTable, FindsEveryRow) {
  for (const ImporterInfo& info : importer_table()) {
    EXPECT_STREQ(find_importer(info.name).name, info.name);
    EXPECT_NE(info.make(), nullptr);
  }
}

TEST(ImporterTable, NamesTheNearest) {
  try {
    find_importer("tuxpant");
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    EXPECT_THAT(error.what(), HasSubstr("unknown data set 'tuxpant'; did you mean 'tuxpaint'?"));
  }
}

}  // namespace
}  // namespace pdmp::data

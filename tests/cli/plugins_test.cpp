#include "cli/plugins.h"

#include <gmock/gmock.h>

#include "support/expect_error.h"
#include "support/temporary_directory.h"

namespace pdmp::testing {
namespace {

using Words = std::vector<std::string>;

TEST(Plugins, ArgumentsWithoutOneStayAsTheyAre) {
  Words args = {"train", "--plug", "x", "--plugins"};
  cli::load_plugins(args);
  EXPECT_EQ(args, (Words{"train", "--plug", "x", "--plugins"}));
  EXPECT_THAT(cli::plugin_arguments(), ::testing::IsEmpty());
}

TEST(Plugins, WhatIsNoneIsRefused) {
  const TemporaryDirectory directory;
  const std::string text = directory.write("mine.so", "no library").string();
  const auto load = [](Words args) { cli::load_plugins(args); };
  expect_error(ErrorKind::usage, {"--plugin", "nowhere.so", "found"}, [&] {
    load({"train", "--plugin", "nowhere.so"});
  });
  expect_error(ErrorKind::usage, {"--plugin", text}, [&] { load({"train", "--plugin=" + text}); });
  expect_error(ErrorKind::usage, {"libm.so.6", "PDMP_PLUGIN"}, [&] {
    load({"--plugin", "/lib/x86_64-linux-gnu/libm.so.6"});
  });
  expect_error(ErrorKind::usage, {"--plugin", "a file"}, [&] { load({"train", "--plugin"}); });
}

}  // namespace
}  // namespace pdmp::testing

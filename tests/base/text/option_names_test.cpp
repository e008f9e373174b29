#include "base/text/option_names.h"

#include <gtest/gtest.h>

namespace pdmp {
namespace {

TEST(OptionNames, BecomeFlags) {
  EXPECT_EQ(with_flags("`select` best_val: no validation split; use `select` last"),
            "--select best_val: no validation split; use --select last");
  EXPECT_EQ(with_flags("`pdmp.multi-policy`"), "--pdmp.multi-policy");
  EXPECT_EQ(with_flags("(`keep`)(`lr`)"), "(--keep)(--lr)");
  EXPECT_EQ(with_flags("`encoders`.MODALITY.weights, `g_blending.w-sum`, `k2`"),
            "--encoders.MODALITY.weights, --g_blending.w-sum, --k2");
}

TEST(OptionNames, NothingElseChanges) {
  for (const char* text : {"", "`", "``", "```", "a`", "`a", "`a b`", "`Select`", "`2`", "`-a`", "`.a`", "`a/b`", "'a'",
                           "run `pdmp analyze` again", "--select last"}) {
    EXPECT_EQ(with_flags(text), text);
  }
}

TEST(OptionNames, BesideCommandsAndLonelyMarks) {
  EXPECT_EQ(with_flags("run `pdmp analyze` with the same `modalities`"),
            "run `pdmp analyze` with the same --modalities");
  EXPECT_EQ(with_flags("see `pdmp prepare ave --help`; `raw`"), "see `pdmp prepare ave --help`; --raw");
  EXPECT_EQ(with_flags("'a`b': ``raw``"), "'a`b': `--raw`");
}

TEST(OptionNames, FlagsStayFlags) {
  const std::string once = with_flags("`run` runs/a: add `resume`");
  EXPECT_EQ(with_flags(once), once);
}

}  // namespace
}  // namespace pdmp

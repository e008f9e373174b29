#include "cli/print/options_table.h"

#include <gtest/gtest.h>

namespace pdmp::cli {
namespace {

TEST(OptionsTable, HasAColumnForSearchRangesWhereThereAreAny) {
  int64_t width = 64;
  std::vector<double> hidden = {64, 32};
  double rate = 0.1;
  std::string form = "a";
  OptionList list;
  list.add("width", &width, "Width | of it.").at_least(1);
  list.add("hidden", &hidden, "Hidden layers.").at_least(1);
  EXPECT_EQ(options_table(list),
            "| option | default | values | meaning |\n|---|---|---|---|\n"
            "| `width` | `64` | in [1, inf) | Width \\| of it. |\n"
            "| `hidden` | `64+32` | in [1, inf) | Hidden layers. |\n");
  list.add("rate", &rate, "Rate.").above(0).search(.05, 5);
  list.add("form", &form, "Form.").one_of({"a", "b"});
  EXPECT_EQ(options_table(list),
            "| option | default | values | search | meaning |\n|---|---|---|---|---|\n"
            "| `width` | `64` | in [1, inf) |  | Width \\| of it. |\n"
            "| `hidden` | `64+32` | in [1, inf) |  | Hidden layers. |\n"
            "| `rate` | `0.1` | in (0, inf) | 0.05 to 5 | Rate. |\n"
            "| `form` | `a` | one of a, b |  | Form. |\n");
}

TEST(OptionsTable, OfNothing) { EXPECT_EQ(options_table(OptionList()), "No options.\n"); }

}  // namespace
}  // namespace pdmp::cli

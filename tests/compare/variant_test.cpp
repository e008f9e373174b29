#include "compare/variant.h"

#include "support/expect_error.h"

namespace pdmp {
namespace {

using testing::expect_error;

TEST(Variant, NamesAMethodWithSettingsOfItsOwnOrOfTheTraining) {
  const std::vector<Variant> variants = parse_variants({"joint", "joint:lr=0.015", "pdmp:gamma=5:lr=0.01"});
  ASSERT_EQ(variants.size(), 3);
  EXPECT_EQ(variants[2].name, "pdmp:gamma=5:lr=0.01");
  EXPECT_EQ(variants[2].method, "pdmp");
  const std::vector<std::pair<std::string, std::string>> expected = {{"pdmp.gamma", "5"}, {"lr", "0.01"}};
  EXPECT_EQ(variants[2].settings, expected);
}

TEST(Variant, AllIsEveryMethod) { EXPECT_EQ(parse_variants({"all"}).size(), method_table().size()); }

TEST(Variant, SettingsStayInTheirOwnOptions) {
  RunOptions base;
  base.train.epochs = 7;
  const auto option = [](RunOptions options, const std::string& name) {
    OptionList list;
    options.describe(list);
    return list.at(name, name).text();
  };
  const RunOptions one = with_variant(base, parse_variants({"pdmp:gamma=5:schedule-epochs=30+60"})[0]);
  EXPECT_EQ(one.method, "pdmp");
  EXPECT_EQ(one.train.epochs, 7);
  EXPECT_EQ(option(one, "pdmp.gamma"), "5");
  EXPECT_EQ(one.train.optimizer.schedule_epochs, (std::vector<double>{30, 60}));
  EXPECT_EQ(option(base, "pdmp.gamma"), "15");  // the methods' options are pointers
  EXPECT_EQ(option(with_variant(one, parse_variants({"ogm"})[0]), "pdmp.gamma"), "5");
}

TEST(Variant, RefusesWhatCannotBeCompared) {
  expect_error(ErrorKind::usage, {"unknown method 'pdmpp'", "pdmp"}, [] { parse_variants({"pdmpp"}); });
  expect_error(ErrorKind::usage, {"--methods pdmp:gama=5", "unknown option 'gama'", "gamma"},
               [] { parse_variants({"pdmp:gama=5"}); });
  expect_error(ErrorKind::usage, {"pdmp.gamma", "[1, inf)", "'0.5'"}, [] { parse_variants({"pdmp:gamma=0.5"}); });
  expect_error(ErrorKind::usage, {"'seed' is the same for all rows"}, [] { parse_variants({"joint:seed=3"}); });
  expect_error(ErrorKind::usage, {"'joint' is there twice"}, [] { parse_variants({"joint", "all"}); });
  expect_error(ErrorKind::usage, {"expected NAME:option=value"}, [] { parse_variants({"joint:lr"}); });
  expect_error(ErrorKind::usage, {"at least one method"}, [] { parse_variants({}); });
}

TEST(Variant, FolderNamesHaveNothingAShellMinds) {
  EXPECT_EQ(folder_name("pdmp:gamma=5"), "pdmp-gamma=5");
  EXPECT_EQ(folder_name("a/../b c"), "a-..-b-c");
}

}  // namespace
}  // namespace pdmp

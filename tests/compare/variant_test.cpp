#include "compare/variant.h"

#include <fmt/format.h>
#include <set>

#include "base/files/digest.h"
#include "support/expect_error.h"

namespace pdmp::comparing {
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

std::string option_of(RunOptions options, const std::string& name) {
  OptionList list;
  options.describe(list);
  return list.at(name, name).text();
}

TEST(Variant, BracketsAndQuotesServeOptionsThatHoldLists) {
  const std::vector<std::string> names = {"pdmp:coefficients=[audio=15,lips=15]", "uniform_lr:factors='audio=2,lips=3'",
                                          "joint:encoders=[audio=mlp:hidden=[8,4],lips=mlp]:lr=.015"};
  const std::vector<Variant> variants = parse_variants(names);
  ASSERT_EQ(variants.size(), 3);
  for (size_t i = 0; i < names.size(); ++i) EXPECT_EQ(variants[i].name, names[i]);
  EXPECT_EQ(option_of(with_variant(RunOptions(), variants[0]), "pdmp.coefficients"), "audio=15,lips=15");
  EXPECT_EQ(option_of(with_variant(RunOptions(), variants[1]), "uniform_lr.factors"), "audio=2,lips=3");
  const RunOptions joint = with_variant(RunOptions(), variants[2]);
  EXPECT_EQ(joint.model.encoders, (NameMap{{"audio", "mlp:hidden=[8,4]"}, {"lips", "mlp"}}));
  EXPECT_EQ(joint.train.optimizer.lr, 0.015);
}

TEST(Variant, EveryListOfEveryMethodCanBeSet) {
  int64_t lists = 0;
  for (const MethodInfo& row : method_table()) {
    const std::string prefix = std::string(row.name) + ".";
    RunOptions options;
    OptionList list;
    options.describe(list);
    for (const auto& option : list.all()) {
      if (!option->name().starts_with(prefix) || !option->is_list()) continue;
      ++lists;
      const bool map = option->type_text().starts_with("NAME");
      const std::string value = map ? "x=2,y=3" : option->default_text();
      const std::string name = fmt::format("{}:{}=[{}]", row.name, option->name().substr(prefix.size()), value);
      const RunOptions set = with_variant(RunOptions(), parse_variants({name}).at(0));
      EXPECT_EQ(option_of(set, option->name()), value) << name;
    }
  }
  EXPECT_GE(lists, 2);  // pdmp's coefficients and uniform_lr's factors
}

TEST(Variant, ABadBracketIsOneErrorWithItsPosition) {
  expect_error(ErrorKind::usage, {"`methods` pdmp:coefficients=[a=15", "the [ at character 19 is not closed"},
               [] { parse_variants({"pdmp:coefficients=[a=15"}); });
  // What is left of a list without brackets.
  expect_error(ErrorKind::usage, {"expected NAME:option=value, found 'lips=15'", "stands in brackets"}, [] {
    parse_variants({"pdmp:coefficients=audio=15", "lips=15"});
  });
}

TEST(Variant, AllIsEveryMethod) { EXPECT_EQ(parse_variants({"all"}).size(), method_table().size()); }

TEST(Variant, SettingsStayInTheirOwnOptions) {
  RunOptions base;
  base.train.epochs = 7;
  const RunOptions one = with_variant(base, parse_variants({"pdmp:gamma=5:schedule-epochs=30+60"})[0]);
  EXPECT_EQ(one.method.name(), "pdmp");
  EXPECT_EQ(one.train.epochs, 7);
  EXPECT_EQ(option_of(one, "pdmp.gamma"), "5");
  EXPECT_EQ(one.train.optimizer.schedule_epochs, (std::vector<double>{30, 60}));
  EXPECT_EQ(option_of(base, "pdmp.gamma"), "15");  // the methods' options are pointers
  EXPECT_EQ(option_of(with_variant(one, parse_variants({"ogm"})[0]), "pdmp.gamma"), "5");
}

TEST(Variant, RefusesWhatCannotBeCompared) {
  expect_error(ErrorKind::usage, {"unknown method 'pdmpp'", "pdmp"}, [] { parse_variants({"pdmpp"}); });
  expect_error(ErrorKind::usage, {"`methods` pdmp:gama=5", "unknown option 'gama'", "gamma"},
               [] { parse_variants({"pdmp:gama=5"}); });
  expect_error(ErrorKind::usage, {"pdmp.gamma", "[1, inf)", "'0.5'"}, [] { parse_variants({"pdmp:gamma=0.5"}); });
  expect_error(ErrorKind::usage, {"'seed' is the same for all rows"}, [] { parse_variants({"joint:seed=3"}); });
  expect_error(ErrorKind::usage, {"'joint' is there twice"}, [] { parse_variants({"joint", "all"}); });
  expect_error(ErrorKind::usage, {"expected NAME:option=value"}, [] { parse_variants({"joint:lr"}); });
  expect_error(ErrorKind::usage, {"at least one method"}, [] { parse_variants({}); });
}

TEST(Variant, FolderNamesHaveNothingAShellMinds) {
  EXPECT_EQ(folder_name("pdmp:gamma=5"), "pdmp-gamma=5");
  EXPECT_EQ(folder_name("joint:batch-size=8:lr=1e-3"), "joint-batch-size=8-lr=1e-3");
  EXPECT_EQ(folder_name("left-hand_2"), "left-hand_2");
  EXPECT_EQ(folder_name("a/../b c"), "a-..-b-c~" + digest_of("a/../b c").substr(0, 12));
  EXPECT_EQ(folder_name("..").front(), '-');
  EXPECT_LE(folder_name(std::string(400, 'x')).size(), 255);
}

// Texts that would look the same if whatever is not plain were '-'.
TEST(Variant, OtherTextsHaveOtherFolders) {
  std::set<std::string> folders;
  const std::vector<std::string> texts = {"a:b",
                                          "a-b",
                                          "a b",
                                          "a/b",
                                          "a:b=1",
                                          "a-b=1",
                                          "m:a=1:b=2",
                                          "m:a=1-b=2",
                                          "m:a=[1,2]",
                                          "m:a=[1:2]",
                                          "m:a=-1-2-",
                                          "m:a='1,2'",
                                          "m:a=(1,2)",
                                          "m:a=1+2",
                                          "m:a=1,2",
                                          "..",
                                          "-.",
                                          "m:a=1~2",
                                          "m:a=1-2",
                                          "m:A=1",
                                          "m-A=1",
                                          std::string(300, 'x') + "1",
                                          std::string(300, 'x') + "2",
                                          folder_name("a b")};
  for (const std::string& text : texts) folders.insert(folder_name(text));
  EXPECT_EQ(folders.size(), texts.size());
}

}  // namespace
}  // namespace pdmp::comparing

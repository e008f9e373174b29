#include "pdmp/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits>

#include "support/expect_error.h"

namespace pdmp {
namespace {

using ::testing::ElementsAre;
using testing::expect_error;
using ::testing::HasSubstr;

TEST(Option, TakesItsDefaultFromTheVariable) {
  double gamma = 15;
  const Option option("pdmp.gamma", &gamma, "Factor.");
  EXPECT_EQ(option.default_text(), "15");
  gamma = 3;
  EXPECT_EQ(option.text(), "3");
  EXPECT_EQ(option.default_text(), "15");
}

TEST(Option, SetsTheVariable) {
  int64_t epochs = 100;
  Option("epochs", &epochs, "").set("7", "--epochs");
  EXPECT_EQ(epochs, 7);
  uint64_t seed = 0;
  Option("seed", &seed, "").set("18446744073709551615", "--seed");
  EXPECT_EQ(seed, std::numeric_limits<uint64_t>::max());
  std::optional<double> margin = 0.5;
  Option("margin", &margin, "").set("none", "--margin");
  EXPECT_EQ(margin, std::nullopt);
  std::vector<std::string> modalities = {"a"};
  Option("modalities", &modalities, "").set("audio,visual", "--modalities");
  EXPECT_THAT(modalities, ElementsAre("audio", "visual"));
  NameMap encoders = {{"old", "x"}};
  Option("encoders", &encoders, "").set("audio=mlp:hidden=64+64", "--encoders");
  EXPECT_EQ(encoders, (NameMap{{"audio", "mlp:hidden=64+64"}}));
}

TEST(Option, ListItemsMayHoldCommasInBrackets) {
  std::vector<std::string> methods;
  Option option("methods", &methods, "");
  option.set("pdmp:coefficients=[audio=15,lips=15], joint", "--methods");
  EXPECT_THAT(methods, ElementsAre("pdmp:coefficients=[audio=15,lips=15]", "joint"));
  EXPECT_EQ(option.text(), "pdmp:coefficients=[audio=15,lips=15],joint");
  EXPECT_EQ(option.toml(), R"(["pdmp:coefficients=[audio=15,lips=15]", "joint"])");
  expect_error(ErrorKind::usage, {"--methods: ", "the [ at character 3 is not closed"},
               [&] { option.set("a=[b,c", "--methods"); });
  NameMap encoders;
  Option("encoders", &encoders, "").set("a=mlp:hidden=[8,4],b=mlp", "--encoders");
  EXPECT_EQ(encoders, (NameMap{{"a", "mlp:hidden=[8,4]"}, {"b", "mlp"}}));
}

// Of options of every type: a program need not read the message.
TEST(Option, ARefusedValueIsInTheFieldsOfTheError) {
  bool flag = false;
  int64_t epochs = 1;
  double gamma = 15;
  std::optional<double> margin;
  std::string optimizer = "sgd";
  std::vector<double> subset;
  NameMap encoders;
  OptionList list;
  list.add("flag", &flag, "");
  list.add("epochs", &epochs, "").at_least(1);
  list.add("pdmp.gamma", &gamma, "").at_least(1);
  list.add("margin", &margin, "");
  list.add("optimizer", &optimizer, "").one_of({"sgd", "adamw"});
  list.add("subset", &subset, "");
  list.add("encoders", &encoders, "");
  for (const auto& option : list.all()) {
    try {
      option->set("=", "run.toml:3: " + option->name());
      ADD_FAILURE() << option->name();
    } catch (const Error& error) {
      EXPECT_EQ(error.option(), option->name());
      EXPECT_EQ(error.found(), "=");
      EXPECT_THAT(error.what(), HasSubstr(": expected " + error.expected() + ", found "));
      EXPECT_FALSE(error.expected().empty());
      EXPECT_EQ(error.file(), "");
    }
  }
  try {
    list.set("pdmp.gamma", "0.5", "here");
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.option(), "pdmp.gamma");
    EXPECT_EQ(error.expected(), "a number in [1, inf)");
    EXPECT_EQ(error.found(), "0.5");
  }
}

TEST(Option, RangesAreChecked) {
  double gamma = 15;
  Option option("gamma", &gamma, "");
  option.at_least(1);
  option.set("1", "--gamma");
  expect_error(ErrorKind::usage, {"--gamma: expected a number in [1, inf), found '0.5'"},
               [&] { option.set("0.5", "--gamma"); });
  EXPECT_EQ(gamma, 1) << "a refused value must not be stored";
  double lr = 1e-3;
  Option above("lr", &lr, "");
  above.above(0).at_most(10);
  EXPECT_EQ(above.range_text(), "in (0, 10]");
  expect_error(ErrorKind::usage, {"--lr", "'0'"}, [&] { above.set("0", "--lr"); });
  expect_error(ErrorKind::usage, {"--lr", "'10.5'"}, [&] { above.set("10.5", "--lr"); });
  above.set("10", "--lr");
  EXPECT_EQ(lr, 10);
  double momentum = 0.9;
  Option below("momentum", &momentum, "");
  below.at_least(0).below(1);
  EXPECT_EQ(below.range_text(), "in [0, 1)");
  expect_error(ErrorKind::usage, {"--momentum", "'1'"}, [&] { below.set("1", "--momentum"); });
  below.set("0.999999", "--momentum");
  uint64_t seed = 0;
  EXPECT_EQ(Option("seed", &seed, "").range_text(), "in [0, inf)");
}

TEST(Option, RangesHoldForOptionalsAndLists) {
  std::optional<int64_t> limit;
  Option option("limit", &limit, "");
  option.at_least(1);
  option.set("none", "");
  expect_error(ErrorKind::usage, {"'none' or a whole number in [1, inf)", "'0'"}, [&] { option.set("0", "--limit"); });
  std::vector<double> subset;
  Option shares("subset", &subset, "");
  shares.above(0).at_most(1);
  expect_error(ErrorKind::usage, {"--subset: expected numbers like 1,2.5 in (0, 1], found '0.4,1.5'"},
               [&] { shares.set("0.4,1.5", "--subset"); });
}

TEST(Option, NumbersAreFiniteUnlessALimitSaysOtherwise) {
  double value = 1;
  Option option("x", &value, "");
  for (const char* text : {"nan", "inf", "-inf"}) {
    expect_error(ErrorKind::usage, {"expected a number", text}, [&] { option.set(text, "--x"); });
  }
  option.at_most(std::numeric_limits<double>::infinity());
  option.set("inf", "--x");
  EXPECT_EQ(value, std::numeric_limits<double>::infinity());
  expect_error(ErrorKind::usage, {"nan"}, [&] { option.set("nan", "--x"); });
}

TEST(Option, ChoicesSayTheNearest) {
  std::string optimizer = "sgd";
  Option option("optimizer", &optimizer, "");
  option.one_of({"sgd", "adamw"});
  expect_error(ErrorKind::usage, {"--optimizer: expected one of sgd, adamw, found 'adam'; did you mean 'adamw'?"},
               [&] { option.set("adam", "--optimizer"); });
  EXPECT_EQ(option.type_text(), "sgd|adamw");
  std::vector<std::string> several;
  Option list("stops", &several, "");
  list.one_of({"auto", "never"});
  list.set("auto,never", "");
  expect_error(ErrorKind::usage, {"a list, each one of auto, never"}, [&] { list.set("auto,x", "--stops"); });
}

TEST(Option, CheckLooksAtWhatTheProgramPutThere) {
  int64_t epochs = 100;
  Option option("epochs", &epochs, "");
  option.at_least(1);
  option.check("epochs");
  epochs = 0;
  expect_error(ErrorKind::usage, {"epochs: expected a whole number in [1, inf), found '0'"},
               [&] { option.check("epochs"); });
  std::vector<std::string> names = {"a,b"};
  expect_error(ErrorKind::usage, {"a,b"}, [&] { Option("names", &names, "").check("names"); });
}

TEST(Option, Toml) {
  std::string path = "C:\\a \"b\"";
  std::vector<std::string> names = {"a", "b"};
  std::vector<double> numbers = {70, 0.5};
  NameMap map = {{"audio", "resnet18"}};
  bool flag = true;
  EXPECT_EQ(Option("path", &path, "").toml(), R"("C:\\a \"b\"")");
  EXPECT_EQ(Option("names", &names, "").toml(), R"(["a", "b"])");
  EXPECT_EQ(Option("numbers", &numbers, "").toml(), "[70,0.5]");
  EXPECT_EQ(Option("map", &map, "").toml(), R"("audio=resnet18")");
  EXPECT_EQ(Option("flag", &flag, "").toml(), "true");
}

TEST(Option, SearchRangeLiesWithinTheRange) {
  double value = 1;
  int64_t count = 1;
  Option option("x", &value, "help"), whole("n", &count, "help");
  EXPECT_FALSE(option.search_range());
  option.at_least(1).search(2, 8);
  EXPECT_EQ(option.search_range(), std::pair(2.0, 8.0));
  EXPECT_THROW(option.search(0, 8), std::logic_error);
  EXPECT_THROW(option.search(8, 2), std::logic_error);
  EXPECT_FALSE(option.is_whole());
  EXPECT_TRUE(whole.is_whole());
}

}  // namespace
}  // namespace pdmp

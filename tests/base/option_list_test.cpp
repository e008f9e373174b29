#include <gtest/gtest.h>
#include <stdexcept>

#include "pdmp/options.h"
#include "support/expect_error.h"
#include "support/temporary_directory.h"

namespace pdmp {
namespace {

using testing::expect_error;
using testing::TemporaryDirectory;

struct Settings {
  int64_t epochs = 100;
  uint64_t seed = 0;
  bool nesterov = false;
  std::string note, data;
  std::vector<std::string> modalities;
  std::vector<double> milestones = {70};
  NameMap encoders;
  double gamma = 15;
  std::optional<double> margin;

  void describe(OptionList& list) {
    list.add("epochs", &epochs, "Epochs.").at_least(1);
    list.group("pdmp", [&](OptionList& inner) {
      inner.add("gamma", &gamma, "Factor on the leading encoder.").at_least(1);
      inner.group("test", [&](OptionList& deep) { deep.add("margin", &margin, "Margin."); });
    });
    list.add("seed", &seed, "Seed.");
    list.add("nesterov", &nesterov, "Look ahead.");
    list.add("note", &note, "Any text.");
    list.add("data", &data, "Folder.").internal();
    list.add("modalities", &modalities, "Which.");
    list.add("milestones", &milestones, "Epochs.");
    list.add("encoders", &encoders, "Encoders.");
  }
};

TEST(OptionList, TomlItemsWithCommasStandInBrackets) {
  Settings settings;
  OptionList list;
  settings.describe(list);
  TemporaryDirectory directory;
  list.load_toml(directory.write("run.toml", "modalities = [\"a:b=[1,2]\", 'c=\"x,y\"']\n"));
  EXPECT_EQ(settings.modalities, (std::vector<std::string>{"a:b=[1,2]", "c=\"x,y\""}));
  list.load_toml(directory.write("again.toml", list.to_toml()));
  EXPECT_EQ(settings.modalities, (std::vector<std::string>{"a:b=[1,2]", "c=\"x,y\""}));
  expect_error(ErrorKind::data, {"run.toml:1: expected items without commas but within brackets", "'a=[1'"},
               [&] { list.load_toml(directory.write("run.toml", "modalities = [\"a=[1\", \"2]\"]\n")); });
}

TEST(OptionList, GroupsPrefixNamesAndEnd) {
  Settings settings;
  OptionList list;
  settings.describe(list);
  EXPECT_EQ(list.all()[1]->name(), "pdmp.gamma");
  EXPECT_EQ(list.all()[2]->name(), "pdmp.test.margin");
  EXPECT_EQ(list.all()[3]->name(), "seed");
  list.set("pdmp.gamma", "10", "--pdmp.gamma");
  EXPECT_EQ(settings.gamma, 10);
}

TEST(OptionList, AnOptionIsDescribedOnce) {
  Settings settings;
  OptionList list;
  settings.describe(list);
  EXPECT_THROW(list.add("seed", &settings.seed, ""), std::logic_error);
}

TEST(OptionList, UnknownNamesSayTheNearest) {
  Settings settings;
  OptionList list;
  settings.describe(list);
  expect_error(ErrorKind::usage, {"here: unknown option 'epohcs'; did you mean 'epochs'?"},
               [&] { list.set("epohcs", "1", "here"); });
  expect_error(ErrorKind::usage, {"did you mean 'pdmp.gamma'?"}, [&] { list.at("gamma", "here"); });
}

TEST(OptionList, ErrorsOfAFileHaveItsLineInTheirFields) {
  Settings settings;
  OptionList list;
  settings.describe(list);
  TemporaryDirectory directory;
  const auto fields_of = [&](const std::string& text) {
    const std::string path = directory.write("run.toml", text);
    try {
      list.load_toml(path);
    } catch (const Error& error) {
      EXPECT_EQ(error.file(), path);
      return error.details();
    }
    return ErrorDetails();
  };
  const ErrorDetails value = fields_of("epochs = 3\n[pdmp]\ngamma = 0.5\n");
  EXPECT_EQ(value.option, "pdmp.gamma");
  EXPECT_EQ(value.expected, "a number in [1, inf)");
  EXPECT_EQ(value.found, "0.5");
  EXPECT_EQ(value.line, 3);
  const ErrorDetails unknown = fields_of("epochs = 3\nepohcs = 4\n");
  EXPECT_EQ(unknown.option, "epohcs");
  EXPECT_EQ(unknown.found, "epohcs");
  EXPECT_EQ(unknown.line, 2);
  const ErrorDetails no_toml = fields_of("epochs = 3\nnote = 2x\n");
  EXPECT_EQ(no_toml.option, "");
  EXPECT_EQ(no_toml.line, 2);
}

TEST(OptionList, AlternativesKnowWhoChoosesThem) {
  double gamma = 15;
  int64_t epochs = 1;
  OptionList list;
  list.alternative("pdmp", "method", [&](OptionList& inner) { inner.add("gamma", &gamma, "Factor."); });
  list.add("epochs", &epochs, "Epochs.").advanced();
  EXPECT_EQ(list.all()[0]->name(), "pdmp.gamma");
  EXPECT_EQ(list.all()[0]->alternative(), "pdmp");
  EXPECT_EQ(list.all()[0]->chooser(), "method");
  EXPECT_FALSE(list.all()[0]->is_advanced());
  EXPECT_EQ(list.all()[1]->alternative(), "");
  EXPECT_TRUE(list.all()[1]->is_advanced());
}

TEST(OptionList, TomlRoundTrip) {
  Settings settings;
  settings.epochs = 3;
  settings.seed = 18446744073709551615u;
  settings.nesterov = true;
  settings.note = "quotes \" and ' and \\ # no comment\nsecond line\ttab \x01 = [x] \xC3\xA9";
  settings.data = "/secret";
  settings.modalities = {"audio", "visual # 2"};
  settings.milestones = {70, 0.1, 1e-8};
  settings.encoders = {{"audio", "resnet18"}, {"visual", "resnet18:width=32:weights=/a b/c.safetensors"}};
  settings.gamma = 1.0 / 3 + 1;
  settings.margin = 0.25;
  OptionList written;
  settings.describe(written);

  TemporaryDirectory directory;
  const auto path = directory.write("config.toml", written.to_toml());
  Settings copy;
  OptionList read;
  copy.describe(read);
  read.load_toml(path);
  EXPECT_EQ(read.to_toml(), written.to_toml());
  EXPECT_EQ(copy.epochs, 3);
  EXPECT_EQ(copy.seed, settings.seed);
  EXPECT_TRUE(copy.nesterov);
  EXPECT_EQ(copy.note, settings.note);
  EXPECT_EQ(copy.data, "") << "internal options stay out of the file";
  EXPECT_EQ(copy.modalities, settings.modalities);
  EXPECT_EQ(copy.milestones, settings.milestones);
  EXPECT_EQ(copy.encoders, settings.encoders);
  EXPECT_EQ(copy.gamma, settings.gamma);
  EXPECT_EQ(copy.margin, 0.25);
}

// A part of a spec has a name of its own, in the file as on the command line.
TEST(OptionList, PartsOfSpecs) {
  NameMap encoders = {{"visual", "resnet18"}};
  OptionList list;
  list.add("encoders", &encoders, "Encoders.").specs();
  list.set("encoders.visual.width", "32", "here");
  list.set("encoders.visual.weights", " /a b.safetensors", "here");
  list.set("encoders.audio.width", "8", "here");
  EXPECT_EQ(encoders, (NameMap{{"audio", ":width=8"}, {"visual", "resnet18:width=32:weights=/a b.safetensors"}}));
  EXPECT_TRUE(list.is_part_of_spec("encoders.visual.width"));
  for (const char* name : {"encoders", "encoders.visual", "encoders.visual.", "encoders..width", "other.visual.width"})
    EXPECT_FALSE(list.is_part_of_spec(name)) << name;
  for (const char* value : {"a:b", "a,b", "", " "}) {
    expect_error(ErrorKind::usage, {"--encoders.visual.weights: expected a value without ':' and ','"},
                 [&] { list.set("encoders.visual.weights", value, "--encoders.visual.weights"); });
  }

  list.set("encoders.audio.weights", "[/a:b,c]", "here");
  EXPECT_EQ(encoders.at("audio"), ":width=8:weights=[/a:b,c]");

  TemporaryDirectory directory;
  list.load_toml(directory.write("run.toml", "encoders = \"visual=mlp\"\n[encoders.visual]\nwidth = 16\n"));
  EXPECT_EQ(encoders, (NameMap{{"visual", "mlp:width=16"}}));
  expect_error(ErrorKind::usage, {"run.toml:2: encoders.visual.width: expected a value", "'8,16'"},
               [&] { list.load_toml(directory.write("run.toml", "[encoders.visual]\nwidth = [8, 16]\n")); });
  // Only where an option says that its values are specs.
  Settings settings;
  OptionList others;
  settings.describe(others);
  expect_error(ErrorKind::usage, {"unknown option 'encoders.visual.width'"},
               [&] { others.set("encoders.visual.width", "32", "here"); });
}

TEST(OptionList, TomlOfDefaultsRestoresDefaults) {
  Settings defaults, other;
  OptionList written, read;
  defaults.describe(written);
  other.epochs = 1;
  other.margin = 2;
  other.milestones = {};
  other.encoders = {{"a", "b"}};
  other.describe(read);
  TemporaryDirectory directory;
  read.load_toml(directory.write("config.toml", written.to_toml()));
  EXPECT_EQ(other.epochs, 100);
  EXPECT_EQ(other.margin, std::nullopt);
  EXPECT_EQ(other.milestones, std::vector<double>{70});
  EXPECT_TRUE(other.encoders.empty());
}

TEST(OptionList, TomlHasKeysBeforeSections) {
  Settings settings;
  OptionList list;
  settings.describe(list);
  EXPECT_EQ(list.to_toml(),
            "epochs = 100\nseed = 0\nnesterov = false\nnote = \"\"\nmodalities = []\nmilestones = [70]\n"
            "encoders = \"\"\n\n[pdmp]\ngamma = 15\n\n[pdmp.test]\nmargin = \"none\"\n");
}

TEST(OptionList, BadTomlNamesFileLineAndNearest) {
  Settings settings;
  OptionList list;
  settings.describe(list);
  TemporaryDirectory directory;
  const auto load = [&](const std::string& text) { list.load_toml(directory.write("run.toml", text)); };
  expect_error(ErrorKind::usage, {"run.toml:3: unknown option 'pdmp.gama'; did you mean 'pdmp.gamma'?"},
               [&] { load("# comment\n[pdmp]\ngama = 3\n"); });
  expect_error(ErrorKind::usage, {"run.toml:2: unknown option 'pdmp.temperature'; [pdmp] has gamma"},
               [&] { load("[pdmp]\ntemperature = 3\n"); });
  expect_error(ErrorKind::usage, {"run.toml:2: unknown option 'pdmp.margin'; [pdmp] has gamma"},  // pdmp.test has it
               [&] { load("[pdmp]\nmargin = 3\n"); });
  expect_error(ErrorKind::usage,
               {"run.toml:2: unknown option 'augment.crop'; no section [augment]; there are pdmp, pdmp.test"},
               [&] { load("[augment]\ncrop = 3\n"); });
  expect_error(ErrorKind::usage, {"run.toml:1: unknown option 'max_epochs'; did you mean 'epochs'?"},
               [&] { load("max_epochs = 3\n"); });
  expect_error(
      ErrorKind::usage,
      {"run.toml:1: unknown option 'temperature'; the nearest of 8 are nesterov, epochs, seed, note, data, milestones"},
      [&] { load("temperature = 3\n"); });
  expect_error(ErrorKind::usage, {"run.toml:4: pdmp.gamma: expected a number in [1, inf), found '0.5'"},
               [&] { load("\nepochs = 5\n[pdmp]\ngamma = 0.5\n"); });
  expect_error(ErrorKind::usage, {"run.toml:1: epochs: expected a whole number", "'3.5'"},
               [&] { load("epochs = 3.5"); });
  expect_error(ErrorKind::io, {"cannot read", "missing.toml", "No such file"},
               [&] { list.load_toml(directory / "missing.toml"); });
}

}  // namespace
}  // namespace pdmp

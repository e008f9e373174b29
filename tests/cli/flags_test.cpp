#include "cli/flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sstream>

#include "support/expect_error.h"
#include "support/temporary_directory.h"

namespace pdmp::cli {
namespace {

using ::testing::ElementsAre;
using testing::expect_error;
using ::testing::HasSubstr;
using ::testing::Not;

class Flags : public ::testing::Test {
 protected:
  Flags() {
    list.add("epochs", &epochs, "Passes over the training data.").at_least(1);
    list.add("run", &run, "Run directory.").internal();
    list.add("resume", &resume, "Go on from the last checkpoint.").internal();
    list.add("cache", &cache, "Keep decoded samples.");
    list.add("optimizer", &optimizer, "Update rule.").one_of({"sgd", "adamw"});
    list.add("subset", &subset, "Shares.");
    list.add("config", &config, "TOML file to start from.").internal();
    list.group("pdmp", [&](OptionList& inner) { inner.add("gamma", &gamma, "Factor.").at_least(1); });
    list.add("device", &device, "Where to compute.").one_of({"cpu", "cuda"});
    list.add("encoders", &encoders, "Encoders.").specs();
    list.heading("Input");
    list.add("input", &input, "Media file of a modality.");
    help.name = "pdmp prepare";
    help.summary = "Turns a download into a data set.";
    help.example = "pdmp prepare ave --raw in --out out";
    help.argument = "NAME";
    help.argument_help = "Which importer.";
    help.max_arguments = 1;
  }

  bool parse(const std::vector<std::string>& args) { return parse_flags(list, args, help, out, &words); }

  void expect_usage(const std::vector<std::string>& args, const std::vector<std::string>& message) {
    SCOPED_TRACE(::testing::PrintToString(args));
    expect_error(ErrorKind::usage, message, [&] { parse(args); });
  }

  int64_t epochs = 100;
  double gamma = 15;
  std::string run, optimizer = "sgd", config, device = "cpu";
  bool resume = false, cache = true;
  std::vector<double> subset;
  NameMap input, encoders;
  OptionList list;
  CommandHelp help;
  std::ostringstream out;
  std::vector<std::string> words;
};

TEST_F(Flags, BothSpellingsOfAValue) {
  EXPECT_TRUE(parse({"--epochs", "5", "--pdmp.gamma=2.5", "--run", "a b"}));
  EXPECT_EQ(epochs, 5);
  EXPECT_EQ(gamma, 2.5);
  EXPECT_EQ(run, "a b");
  EXPECT_TRUE(parse({}));
  EXPECT_EQ(epochs, 5);
}

TEST_F(Flags, Booleans) {
  EXPECT_TRUE(parse({"--resume", "--cache=false", "ave"}));
  EXPECT_TRUE(resume);
  EXPECT_FALSE(cache);
  EXPECT_THAT(words, ElementsAre("ave"));
  expect_usage({"--resume=maybe"}, {"--resume: expected true or false, found 'maybe'"});
}

TEST_F(Flags, ABooleanTakesTrueOrFalseAsTheNextWord) {
  EXPECT_TRUE(parse({"--resume", "true", "--cache", "false", "ave"}));
  EXPECT_TRUE(resume);
  EXPECT_FALSE(cache);
  EXPECT_THAT(words, ElementsAre("ave"));
  EXPECT_TRUE(parse({"--cache", "true", "--resume", "false"}));
  EXPECT_FALSE(resume);
  EXPECT_TRUE(cache);
}

TEST_F(Flags, ABooleanLeavesOtherWordsAndFlagsAlone) {
  EXPECT_TRUE(parse({"--resume", "falsely", "--cache=false"}));
  EXPECT_TRUE(resume);
  EXPECT_THAT(words, ElementsAre("falsely"));
  EXPECT_TRUE(parse({"--resume", "--epochs", "3", "ave"}));
  EXPECT_EQ(epochs, 3);
  EXPECT_THAT(words, ElementsAre("ave"));
  expect_usage({"--run", "--resume", "true"}, {"--run: expected a value, found the flag '--resume=true'"});
}

TEST_F(Flags, PartsOfSpecsComeLast) {
  EXPECT_TRUE(parse({"--encoders.visual.weights", "a b.safetensors", "ave", "--encoders", "visual=resnet18",
                     "--encoders.visual.width=32", "--encoders.audio.width", "8"}));
  EXPECT_EQ(encoders, (NameMap{{"audio", ":width=8"}, {"visual", "resnet18:weights=a b.safetensors:width=32"}}));
  EXPECT_THAT(words, ElementsAre("ave"));
  expect_usage({"--encoders.visual.weights"}, {"--encoders.visual.weights: expected a value, found nothing"});
  expect_usage({"--encoders.visual.weights="}, {"--encoders.visual.weights: expected a value, found nothing"});
  expect_usage({"--encoders.visual.weights", "--resume"}, {"--encoders.visual.weights", "the flag '--resume'"});
  expect_usage({"--encoders.visual.weights", "a:b"}, {"--encoders.visual.weights", "without ':' and ','", "'a:b'"});
  expect_usage({"--encoders.visual", "mlp"}, {"unknown flag '--encoders.visual'"});
}

TEST_F(Flags, ListsGrow) {
  EXPECT_TRUE(parse({"--input", "a=x.wav", "ave", "--input", "b=y=z.png", "--subset", "0.2,0.4", "--subset=1"}));
  EXPECT_EQ(input, (NameMap{{"a", "x.wav"}, {"b", "y=z.png"}}));
  EXPECT_EQ(subset, (std::vector<double>{0.2, 0.4, 1}));
  EXPECT_THAT(words, ElementsAre("ave"));
  expect_usage({"--input", "a=x", "--input", "a=y"}, {"--input: expected name=value pairs", "each name once"});
  EXPECT_TRUE(parse({"--input", "audio=a,visual=b"}));
  EXPECT_EQ(input, (NameMap{{"audio", "a"}, {"visual", "b"}}));
}

TEST_F(Flags, ScalarsAreGivenOnce) {
  expect_usage({"--epochs", "1", "--epochs", "2"}, {"--epochs is given 2 times (1, 2); give it once"});
}

TEST_F(Flags, UnknownFlags) {
  expect_usage({"--epohcs", "5"}, {"unknown flag '--epohcs'; did you mean '--epochs'?"});
  expect_usage({"--epohcs=5"}, {"unknown flag '--epohcs'; did you mean '--epochs'?"});
  expect_usage({"--gamma", "5"}, {"unknown flag '--gamma'; did you mean '--pdmp.gamma'?"});
  expect_usage({"--temperature", "5"}, {"unknown flag '--temperature'; see pdmp prepare --help"});
  expect_usage({"-e", "5"}, {"unknown flag '-e'"});
}

TEST_F(Flags, WhatOtherProgramsCallThem) {
  expect_usage({"--max_epochs", "5"}, {"unknown flag '--max_epochs'; did you mean '--epochs'?"});
  expect_usage({"--gpu"}, {"unknown flag '--gpu'; did you mean '--device cuda'?"});
  expect_usage({"--no-cache"}, {"unknown flag '--no-cache'; did you mean '--cache false'?"});
  expect_usage({"--num-epoch", "5"}, {"unknown flag '--num-epoch'; did you mean '--epochs'?"});
  // Of an option that this command lacks.
  expect_usage({"--learning-rate", "5"}, {"unknown flag '--learning-rate'; see pdmp prepare --help"});
}

TEST_F(Flags, MissingAndWrongValues) {
  expect_usage({"--run"}, {"--run"});
  expect_usage({"--run="}, {"expected a value after '--run=', found nothing"});
  expect_usage({"--run", "--resume"}, {"--run: expected a value, found the flag '--resume'"});
  expect_usage({"--epochs", "3.5"}, {"--epochs: expected a whole number in [1, inf), found '3.5'"});
  expect_usage({"--epochs", "-1"}, {"--epochs: expected a whole number in [1, inf), found '-1'"});
  expect_usage({"--optimizer", "adam"}, {"did you mean 'adamw'?"});
}

TEST_F(Flags, Arguments) {
  expect_usage({"ave", "kinetics"}, {"unexpected word 'kinetics'"});
  help.min_arguments = 1;
  expect_usage({"--epochs", "3"}, {"NAME is required; see pdmp prepare --help"});
  help.min_arguments = help.max_arguments = 0;
  expect_usage({"ave"}, {"unexpected word 'ave'"});
}

TEST_F(Flags, FlagsOverrideTheConfigFileWhereverItStands) {
  testing::TemporaryDirectory directory;
  const std::string path = directory.write("run.toml", "epochs = 7\noptimizer = \"adamw\"\n[pdmp]\ngamma = 3\n");
  EXPECT_TRUE(parse({"--pdmp.gamma", "4", "--config", path}));
  EXPECT_EQ(epochs, 7);
  EXPECT_EQ(optimizer, "adamw");
  EXPECT_EQ(gamma, 4);
  EXPECT_EQ(config, path);
}

TEST_F(Flags, ConfigFileErrors) {
  testing::TemporaryDirectory directory;
  expect_usage({"--config", directory.write("a.toml", "\nepohcs = 7\n")}, {"a.toml:2", "did you mean 'epochs'?"});
  expect_usage({"--config", directory.write("b.toml", "config = \"c.toml\"\n")}, {"b.toml", "cannot name another"});
  expect_error(ErrorKind::io, {"none.toml"}, [&] { parse({"--config", directory / "none.toml"}); });
}

TEST_F(Flags, Help) {
  EXPECT_FALSE(parse({"--help"}));
  const std::string text = out.str();
  EXPECT_THAT(text, HasSubstr("Turns a download into a data set."));
  EXPECT_THAT(text, HasSubstr("Usage: pdmp prepare [OPTIONS] [NAME]"));
  EXPECT_THAT(text, HasSubstr("--epochs N"));
  EXPECT_THAT(text,
              HasSubstr("Passes over the training data. (in [1, inf);\n                              default 100)\n"));
  EXPECT_THAT(text, HasSubstr("--optimizer sgd|adamw"));
  EXPECT_THAT(text, HasSubstr("Update rule. (default sgd)"));
  EXPECT_THAT(text, Not(HasSubstr("\n\n\n")));
  EXPECT_THAT(text, HasSubstr("\nOptions of pdmp:\n  --pdmp.gamma X"));
  EXPECT_THAT(text, HasSubstr("\nInput:\n  --input NAME=VALUE,..."));
  EXPECT_THAT(text, HasSubstr("Keep decoded samples. (default true)"));
  EXPECT_THAT(text, HasSubstr("\nExample:\n  pdmp prepare ave --raw in --out out\n"));
  EXPECT_EQ(epochs, 100);
}

// "--name" of every option line of a help text.
std::vector<std::string> shown_flags(const std::string& text) {
  std::vector<std::string> names;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("  --")) names.push_back(line.substr(2, line.find(' ', 2) - 2));
  }
  return names;
}

class FewOptions : public ::testing::Test {
 protected:
  FewOptions() {
    list.add("method", &method, "Training strategy.");
    list.add("momentum", &momentum, "Momentum.").advanced();
    list.add("config", &config, "TOML file.");
    for (const auto& [name, value] : {std::pair("ogm", &alpha), {"pdmp", &gamma}}) {
      list.alternative(name, "method", [&target = value](OptionList& inner) { inner.add("x", target, "Own."); });
    }
  }

  std::vector<std::string> shown(const std::vector<std::string>& args) {
    out.str("");
    EXPECT_FALSE(parse_flags(list, args, help, out));
    return shown_flags(out.str());
  }

  std::string method = "joint", config;
  double momentum = 0.9, alpha = 1, gamma = 15;
  OptionList list;
  CommandHelp help{"pdmp train", "Trains.",
                   "pdmp train --data mydata --run runs/first --method pdmp --epochs 30 --lr 0.01"};
  std::ostringstream out;
};

TEST_F(FewOptions, HelpLeavesOutTheRest) {
  EXPECT_THAT(shown({"--help"}), ElementsAre("--help-all", "--method", "--config"));
  EXPECT_THAT(out.str(), HasSubstr("\n3 more options: pdmp train --help-all\n"
                                   "Options of NAME: pdmp train --method NAME --help\n"));
}

TEST_F(FewOptions, HelpHasThoseOfWhatIsChosen) {
  EXPECT_THAT(shown({"--help", "--method", "pdmp"}), ElementsAre("--help-all", "--method", "--config", "--pdmp.x"));
  EXPECT_THAT(shown({"--method=ogm,pdmp:x=3", "--help"}),
              ElementsAre("--help-all", "--method", "--config", "--ogm.x", "--pdmp.x"));
  testing::TemporaryDirectory directory;
  method = "joint";
  EXPECT_THAT(shown({"--config", directory.write("run.toml", "method = \"ogm\"\n"), "--help"}),
              ElementsAre("--help-all", "--method", "--config", "--ogm.x"));
}

TEST_F(FewOptions, HelpAllHasThemAll) {
  EXPECT_THAT(shown({"--help-all"}),
              ElementsAre("--help-all", "--method", "--momentum", "--config", "--ogm.x", "--pdmp.x"));
  EXPECT_THAT(out.str(), Not(HasSubstr("more options")));
}

TEST_F(FewOptions, LinesFitEightyColumns) {
  shown({"--help"});
  EXPECT_THAT(out.str(), HasSubstr("\nExample:\n  pdmp train --data mydata --run runs/first --method pdmp --epochs 30 "
                                   "\\\n    --lr 0.01\n"));
}

TEST_F(Flags, NoHelpAllWhereHelpIsAll) {
  parse({"--help"});
  EXPECT_THAT(out.str(), Not(HasSubstr("--help-all")));
}

}  // namespace
}  // namespace pdmp::cli

// The program itself: its table of commands, and errors as one line and an exit status.
#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>
#include <sstream>

#include "base/text/synonyms.h"
#include "base/text/text_table.h"
#include "cli/command.h"
#include "cli/program.h"
#include "pdmp/run.h"

namespace pdmp::testing {
namespace {

using ::testing::HasSubstr;

TEST(Program, HelpListsEveryCommandAndEachHasItsOwn) {
  const ProgramResult help = run_program({"--help"});
  EXPECT_EQ(help.code, 0);
  for (const std::string command : {"prepare", "analyze", "train", "evaluate", "predict", "demo", "list", "info"}) {
    EXPECT_THAT(help.out, HasSubstr("\n  " + command + " "));
    const ProgramResult own = run_program({command, "--help"});
    EXPECT_EQ(own.code, 0) << own.error;
    EXPECT_THAT(own.out, HasSubstr("Example:\n  pdmp " + command));
    EXPECT_THAT(own.out, HasSubstr("--quiet"));
  }
}

TEST(Program, HelpAsAWordIsHelpAsAFlag) {
  EXPECT_EQ(run_program({"help"}).out, run_program({"--help"}).out);
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"train"}, {"train", "--method", "pdmp"}, {"data", "show"}}) {
    std::vector<std::string> word = words, flag = words;
    word.insert(word.begin(), "help");
    flag.emplace_back("--help");
    const ProgramResult help = run_program(word);
    EXPECT_EQ(help.code, 0);
    EXPECT_EQ(help.out, run_program(flag).out);
  }
  const ProgramResult unknown = run_program({"help", "trian"});
  EXPECT_EQ(unknown.code, 2);
  EXPECT_EQ(unknown.error, "pdmp: unknown command 'trian'; did you mean 'train'?\n");
}

struct NamedCommand {
  const char* name;
  int (*run)(const std::vector<std::string>& args, std::ostream& out);
};
constexpr NamedCommand kCommands[] = {{"prepare", cli::prepare_command},
                                      {"data info", cli::data_info_command},
                                      {"data check", cli::data_check_command},
                                      {"data show", cli::data_show_command},
                                      {"cache", cli::cache_command},
                                      {"cache fill", cli::cache_fill_command},
                                      {"analyze", cli::analyze_command},
                                      {"train", cli::train_command},
                                      {"evaluate", cli::evaluate_command},
                                      {"predict", cli::predict_command},
                                      {"compare", cli::compare_command},
                                      {"demo", cli::demo_command},
                                      {"list", cli::list_command},
                                      {"info", cli::info_command},
                                      {"info model", cli::info_model_command}};

std::vector<std::string> help_lines(const NamedCommand& command, const std::vector<std::string>& args) {
  std::ostringstream out;
  EXPECT_EQ(command.run(args, out), 0) << command.name;
  std::vector<std::string> lines;
  std::istringstream text(out.str());
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

// With all options, or the short help where it has them all.
std::vector<std::string> whole_help(const NamedCommand& command) {
  const std::vector<std::string> lines = help_lines(command, {"--help"});
  const auto names_more = [](const std::string& line) { return line.starts_with("  --help-all "); };
  return std::any_of(lines.begin(), lines.end(), names_more) ? help_lines(command, {"--help-all"}) : lines;
}

TEST(Help, NoLineIsLongerThanEightyColumns) {
  for (const NamedCommand& command : kCommands) {
    for (const auto& lines : {help_lines(command, {"--help"}), whole_help(command)}) {
      for (const std::string& line : lines) EXPECT_LE(display_width(line), 80) << command.name << ": " << line;
    }
  }
}

std::set<std::string> flags_of(const std::vector<std::string>& lines) {
  std::set<std::string> flags;
  for (const std::string& line : lines) {
    if (line.starts_with("  --")) flags.insert(line.substr(4, line.find(' ', 4) - 4));
  }
  return flags;
}

TEST(Help, HasWhatMostPeopleNeedAndTheMethodChosen) {
  const NamedCommand train{"train", cli::train_command};
  const std::vector<std::string> plain = help_lines(train, {"--help"});
  EXPECT_LE(plain.size(), 110u);
  for (const char* flag : {"data", "run", "method", "epochs", "batch-size", "lr", "optimizer", "encoders", "resume"}) {
    EXPECT_EQ(flags_of(plain).count(flag), 1u) << flag;
  }
  for (const char* flag : {"beta1", "analysis.stop", "pdmp.gamma", "ogm_ge.alpha"}) {
    EXPECT_EQ(flags_of(plain).count(flag), 0u) << flag;
  }
  EXPECT_EQ(flags_of(help_lines(train, {"--method", "pdmp", "--help"})).count("pdmp.gamma"), 1u);
  EXPECT_EQ(flags_of(help_lines(train, {"--method", "pdmp", "--help"})).count("mla.p-order"), 0u);
  EXPECT_EQ(
      flags_of(help_lines({"compare", cli::compare_command}, {"--methods", "joint,ogm", "--help"})).count("pdmp.gamma"),
      0u);
  EXPECT_EQ(flags_of(help_lines({"compare", cli::compare_command}, {"--methods", "joint,pdmp:gamma=5", "--help"}))
                .count("pdmp.gamma"),
            1u);
}

TEST(Help, AllIsAll) {
  RunOptions options;
  OptionList list;
  options.describe(list);
  const std::set<std::string> flags = flags_of(whole_help({"train", cli::train_command}));
  for (const auto& option : list.all()) EXPECT_EQ(flags.count(option->name()), 1u) << option->name();
}

TEST(Help, WhatASynonymNamesIsThere) {
  std::set<std::string> flags;
  for (const NamedCommand& command : kCommands) flags.merge(flags_of(whole_help(command)));
  RunOptions options;
  OptionList list;
  options.describe(list);
  for (const Synonym& synonym : synonym_table()) {
    EXPECT_EQ(flags.count(synonym.option), 1u) << synonym.word;
    if (*synonym.value == '\0') continue;
    EXPECT_NO_THROW(list.set(synonym.option, synonym.value, synonym.word));
  }
}

TEST(Program, VersionIsOneLine) {
  const ProgramResult result = run_program({"--version"});
  EXPECT_EQ(result.code, 0);
  EXPECT_THAT(result.out, ::testing::ContainsRegex("^pdmp [0-9]+\\.[0-9]+\\.[0-9]+\n$"));
}

TEST(Program, UnknownCommandsAndFlagsGetTheNearestSpelling) {
  const ProgramResult command = run_program({"trian"});
  EXPECT_EQ(command.code, 2);
  EXPECT_EQ(command.error, "pdmp: unknown command 'trian'; did you mean 'train'?\n");
  const ProgramResult flag = run_program({"train", "--epoch", "3"});
  EXPECT_EQ(flag.code, 2);
  EXPECT_THAT(flag.error, HasSubstr("'--epoch'; did you mean '--epochs'?"));
  EXPECT_EQ(run_program({}).code, 2);
}

TEST(Program, AResultThatCannotBeWrittenIsAnError) {
  const ProgramResult result = run_program({"list", "methods"}, "exec >/dev/full");
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.error, HasSubstr("standard output"));
}

}  // namespace
}  // namespace pdmp::testing

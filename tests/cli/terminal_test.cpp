#include "cli/terminal.h"

#include <cstdlib>
#include <gtest/gtest.h>
#include <pty.h>
#include <string>
#include <unistd.h>

namespace pdmp::cli {
namespace {

// COLUMNS and standard output as they were before the test.
class OutputWidth : public ::testing::Test {
 protected:
  OutputWidth() : stdout_(dup(STDOUT_FILENO)) {
    if (const char* columns = std::getenv("COLUMNS")) columns_ = columns;
    unsetenv("COLUMNS");
    if (pipe(pipe_) == 0) dup2(pipe_[1], STDOUT_FILENO);
  }
  ~OutputWidth() override {
    std::fflush(stdout);
    dup2(stdout_, STDOUT_FILENO);
    for (const int file : {stdout_, pipe_[0], pipe_[1]}) close(file);
    if (!columns_.empty()) setenv("COLUMNS", columns_.c_str(), 1);
  }

  // What output_width says on a terminal of that width.
  static int64_t on_terminal(unsigned short columns) {
    const winsize size = {24, columns, 0, 0};
    int master = -1, slave = -1;
    if (openpty(&master, &slave, nullptr, nullptr, &size) != 0) return -1;
    dup2(slave, STDOUT_FILENO);
    const int64_t width = output_width();
    for (const int file : {master, slave}) close(file);
    return width;
  }

 private:
  int stdout_, pipe_[2] = {-1, -1};
  std::string columns_;
};

TEST_F(OutputWidth, OfAPipeIsAHundred) { EXPECT_EQ(output_width(), 100); }

TEST_F(OutputWidth, IsThatOfTheTerminalButNotBelowSixty) {
  EXPECT_EQ(on_terminal(132), 132);
  EXPECT_EQ(on_terminal(40), 60);
}

TEST_F(OutputWidth, ColumnsOfTheEnvironmentWins) {
  setenv("COLUMNS", "72", 1);
  EXPECT_EQ(output_width(), 72);
  EXPECT_EQ(on_terminal(132), 72);
  for (const char* nonsense : {"", "wide", "0", "-3", "7.5"}) {
    setenv("COLUMNS", nonsense, 1);
    EXPECT_EQ(output_width(), 100) << nonsense;
  }
}

}  // namespace
}  // namespace pdmp::cli

#include "cli/openmp_wait.h"

#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sstream>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "cli/program.h"

namespace pdmp::testing {
namespace {

using ::testing::HasSubstr;

// What libgomp says of itself, once each time the program is loaded (OMP_DISPLAY_ENV, to stderr).
size_t starts(const std::string& error) {
  const std::string heading = "OPENMP DISPLAY ENVIRONMENT BEGIN";
  size_t count = 0;
  for (size_t at = error.find(heading); at != std::string::npos; at = error.find(heading, at + 1)) ++count;
  return count;
}

// From the last of its reports.
std::string spin_count(const std::string& error) {
  const std::string name = "GOMP_SPINCOUNT = '";
  const size_t at = error.rfind(name);
  if (at == std::string::npos) return "";
  return error.substr(at + name.size(), error.find('\'', at + name.size()) - at - name.size());
}

ProgramResult started(const std::string& command, const std::string& before) {
  return run_program({command, "--help"},
                     "unset OMP_WAIT_POLICY GOMP_SPINCOUNT; export OMP_DISPLAY_ENV=verbose; " + before);
}

TEST(OpenmpWait, CommandsThatComputeStartAgainOnceWithABound) {
  for (const char* command : {"train", "compare", "predict"}) {
    const ProgramResult result = started(command, "true");
    EXPECT_EQ(result.code, 0);
    EXPECT_EQ(starts(result.error), 2u) << command << result.error;
    EXPECT_EQ(spin_count(result.error), "30000");
    EXPECT_THAT(result.out, HasSubstr(std::string("pdmp ") + command));
  }
}

TEST(OpenmpWait, OtherCommandsDoNot) {
  const ProgramResult result = started("list", "true");
  EXPECT_EQ(starts(result.error), 1u);
  EXPECT_EQ(spin_count(result.error), "300000");
}

TEST(OpenmpWait, TheUsersSettingWins) {
  const ProgramResult count = started("train", "export GOMP_SPINCOUNT=77");
  EXPECT_EQ(starts(count.error), 1u);
  EXPECT_EQ(spin_count(count.error), "77");
  const ProgramResult passive = started("train", "export OMP_WAIT_POLICY=passive");
  EXPECT_EQ(starts(passive.error), 1u);
  EXPECT_EQ(spin_count(passive.error), "0");
}

// The dynamic linker would take the first word for the program.
TEST(OpenmpWait, GoesOnWhereTheLinkerWasStarted) {
  const std::string linker = "/lib64/ld-linux-x86-64.so.2";
  if (access(linker.c_str(), X_OK) != 0) GTEST_SKIP() << "no " << linker;
  const ProgramResult result = run_command("unset OMP_WAIT_POLICY GOMP_SPINCOUNT; " + linker + " " +
                                           shell_quoted(PDMP_PROGRAM) + " train --help");
  EXPECT_EQ(result.code, 0) << result.error;
  EXPECT_THAT(result.out, HasSubstr("pdmp train"));
}

std::string of_process(pid_t process, const char* name) {
  std::ifstream file("/proc/" + std::to_string(process) + "/" + name, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// The program as a child that waits: it has more to print than its standard output, a small pipe, takes.
class Waiting {
 public:
  Waiting() {
    EXPECT_EQ(pipe2(pipe_, O_CLOEXEC), 0);
    fcntl(pipe_[1], F_SETPIPE_SZ, 4096);
    process_ = fork();
    if (process_ == 0) become();
    close(pipe_[1]);
  }
  ~Waiting() {
    char block[4096];
    while (read(pipe_[0], block, sizeof block) > 0) continue;
    close(pipe_[0]);
    waitpid(process_, nullptr, 0);
  }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

  // Once it was started again; what it was is gone then.
  void wait() const {
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (of_process(process_, "environ").find("GOMP_SPINCOUNT=30000") == std::string::npos) {
      ASSERT_LT(std::chrono::steady_clock::now(), end);
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }
  pid_t process() const { return process_; }

 private:
  [[noreturn]] void become() const {
    std::signal(SIGHUP, SIG_IGN);  // as nohup
    dup2(pipe_[1], STDOUT_FILENO);
    unsetenv("OMP_WAIT_POLICY");
    unsetenv("GOMP_SPINCOUNT");
    execl(PDMP_PROGRAM, "another name", "train", "--help-all", nullptr);
    _exit(127);
  }

  int pipe_[2] = {-1, -1};
  pid_t process_ = 0;
};

TEST(OpenmpWait, ArgumentsNameAndIgnoredSignalsStay) {
  const Waiting program;
  program.wait();
  EXPECT_EQ(of_process(program.process(), "cmdline"), std::string("another name\0train\0--help-all\0", 30));
  EXPECT_EQ(of_process(program.process(), "comm"), "pdmp\n");
  const std::string status = of_process(program.process(), "status"), name = "SigIgn:\t";
  const uint64_t ignored = std::stoull(status.substr(status.find(name) + name.size(), 16), nullptr, 16);
  EXPECT_NE(ignored & (1u << (SIGHUP - 1)), 0u);
}

}  // namespace
}  // namespace pdmp::testing

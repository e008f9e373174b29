#include "compare/execute/child_runs.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <optional>
#include <string_view>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "base/files/file.h"
#include "base/files/temporary_files.h"
#include "base/log.h"
#include "base/peak_memory.h"
#include "base/progress.h"
#include "base/signal.h"
#include "pdmp/error.h"
#include "run/open_run.h"
#include "run/run_data.h"

namespace pdmp::comparing {
namespace {

namespace fs = std::filesystem;

constexpr const char* kStoppedText = "stopped; what is done is saved: go on with the same command";

struct Child {
  pid_t process = 0;
  std::string name, run;
  fs::path log;
};

fs::path beside(const RunOptions& options, const char* ending) { return fs::path(options.run).concat(ending); }

std::string text_of(const NameMap& map) {
  std::string text;
  for (const auto& [key, value] : map) text += fmt::format("{}{}={}", text.empty() ? "" : ",", key, value);
  return text;
}

// The options travel in a file: everything config.toml of a run directory holds.
std::vector<std::string> command_of(const TrainingProgram& program, const RunOptions& options) {
  const fs::path config = beside(options, ".toml");
  make_directories(config.parent_path());
  remove_temporaries(config.parent_path(), /*locked=*/false);
  write_file_atomically(config, config_toml(options));
  std::vector<std::string> command = {program.file.string(), "train", "--config",
                                      config.string(),       "--run", options.run};
  if (!options.analysis_file.empty()) command.insert(command.end(), {"--analysis", options.analysis_file});
  if (!options.alone.empty()) command.insert(command.end(), {"--alone", text_of(options.alone)});
  if (options.resume) command.emplace_back("--resume");
  command.insert(command.end(), program.arguments.begin(), program.arguments.end());
  return command;
}

// The signals of this process are held back while it lives: one that came to a child before its program runs would
// reach a handler that goes with exec.
class HeldSignals {
 public:
  HeldSignals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before_);
  }
  ~HeldSignals() { release(); }
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;

  void release() const { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_ = {};
};

// A handler is reset as exec would do it; what is ignored stays ignored.
void reset_handlers() {
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2}) {
    struct sigaction action = {};
    sigaction(number, nullptr, &action);
    if ((action.sa_flags & SA_SIGINFO) != 0) std::signal(number, SIG_DFL);
  }
}

// Between fork and exec only calls that are safe there; a child does not outlive its parent.
[[noreturn]] void become(std::vector<char*>& arguments, int log, const HeldSignals& held, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(127);  // gone before that
  reset_handlers();
  held.release();
  dup2(log, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  execv(arguments[0], arguments.data());
  _exit(127);
}

Child start(const TrainingProgram& program, const ChildRun& run) {
  std::vector<std::string> command = command_of(program, run.options);
  std::vector<char*> arguments;
  for (std::string& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const fs::path log = beside(run.options, ".log");
  const int file = open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) throw Error(ErrorKind::io, fmt::format("{}: cannot be written", log.string()));
  const HeldSignals held;
  const pid_t parent = getpid(), process = fork();
  if (process == 0) become(arguments, file, held, parent);
  close(file);
  if (process < 0) throw Error(ErrorKind::io, "cannot start another process; use `jobs` 1");
  return {process, run.name, run.options.run, log};
}

// Without the name of the program, which its errors begin with.
std::string last_line(std::string text) {
  constexpr std::string_view kProgram = "pdmp: ";
  while (text.ends_with('\n')) text.pop_back();
  text.erase(0, text.find_last_of('\n') + 1);  // npos + 1 = 0
  return text.starts_with(kProgram) ? text.substr(kProgram.size()) : text;
}

constexpr int kInterrupted = 130, kStopped = 75, kSignal = 128;

// Exit status, 128 + n where signal n ended it, or nothing while it runs.
std::optional<int> status_of(const Child& child) {
  int status = 0;
  if (waitpid(child.process, &status, WNOHANG) == 0) return std::nullopt;
  return WIFEXITED(status) ? WEXITSTATUS(status) : kSignal + WTERMSIG(status);
}

// Told to, from outside: nothing is wrong with the run.
bool was_stopped(int status) {
  return status == kInterrupted || status == kStopped || status == kSignal + SIGTERM || status == kSignal + SIGHUP;
}

std::string reason_of(const Child& child, int status) {
  if (status == kSignal + SIGKILL) return "ended by SIGKILL, as the kernel does where memory is short; try --jobs 1";
  if (status > kSignal) return fmt::format("ended by signal {} ({})", status - kSignal, strsignal(status - kSignal));
  const std::string words = last_line(read_file(child.log));
  return words.empty() ? fmt::format("ended with status {}", status) : words;
}

// Children that still run are told to save and end, and waited for.
class Children {
 public:
  Children() = default;
  ~Children() {
    for (const Child& child : running_) ask_to_stop(child.process);
    for (const Child& child : running_) waitpid(child.process, nullptr, 0);
  }
  Children(const Children&) = delete;
  Children& operator=(const Children&) = delete;

  size_t running() const { return running_.size(); }
  const std::vector<FailedRun>& failed() const { return failed_; }
  void add(Child child) { running_.push_back(std::move(child)); }

  // How those ended that did since the last call: "joint, seed 0 done". Error for one that was stopped.
  std::vector<std::string> reap() {
    std::vector<std::string> endings;
    for (size_t i = 0; i < running_.size();) {
      const std::optional<int> status = status_of(running_[i]);
      if (!status) {
        ++i;
        continue;
      }
      const Child child = running_[i];
      running_.erase(running_.begin() + static_cast<int64_t>(i));
      endings.push_back(end(child, *status));
    }
    return endings;
  }

 private:
  std::string end(const Child& child, int status) {
    if (status == 0) {
      fs::remove(child.log);
      return child.name + " done";
    }
    if (was_stopped(status)) end_all(child, status);
    failed_.push_back({child.run, fmt::format("{} ({})", reason_of(child, status), child.log.string())});
    return child.name + " failed";
  }

  [[noreturn]] static void end_all(const Child& stopped, int status) {
    stop_if_interrupted(kStoppedText);  // as this process was
    note_interrupt(status == kInterrupted ? SIGINT : SIGTERM);
    throw Error(ErrorKind::interrupted, fmt::format("{}: ended with status {}: {} ({})", stopped.name, status,
                                                    last_line(read_file(stopped.log)), stopped.log.string()));
  }

  std::vector<Child> running_;
  std::vector<FailedRun> failed_;
};

}  // namespace

std::vector<FailedRun> train_here(const std::vector<ChildRun>& runs, Progress& progress) {
  std::vector<FailedRun> failed;
  for (const ChildRun& run : runs) {
    stop_if_interrupted(kStoppedText);
    try {
      pdmp::train(run.options);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted) throw Error(ErrorKind::interrupted, kStoppedText);
      failed.push_back({run.options.run, error.what()});
    }
    progress.note(run.name + (failed.empty() || failed.back().run != run.options.run ? " done" : " failed"));
    progress.advance();
  }
  return failed;
}

std::vector<FailedRun> train_in_children(const TrainingProgram& program, const std::vector<ChildRun>& runs,
                                         int64_t jobs, Progress& progress) {
  constexpr auto kPause = std::chrono::milliseconds(50);
  Children children;
  size_t next = 0;
  while (next < runs.size() || children.running() > 0) {
    stop_if_interrupted(kStoppedText);
    if (next < runs.size() && static_cast<int64_t>(children.running()) < jobs) {
      children.add(start(program, runs[next++]));
      continue;
    }
    std::this_thread::sleep_for(kPause);
    for (const std::string& ending : children.reap()) {
      progress.note(ending);
      progress.advance();
    }
  }
  return children.failed();
}

void resumable(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw Error(ErrorKind::interrupted, kStoppedText);
    throw;
  }
}

runs::ResumeAdvice advice_of(const std::string& out) { return {.option = "`out` " + out, .other = "another `out`"}; }

void expect_same_runs(const std::vector<ChildRun>& runs, const std::string& out) {
  const runs::ResumeAdvice advice = advice_of(out);
  runs::SameData data(advice);
  for (const ChildRun& run : runs) {
    if (!fs::exists(run.options.run)) continue;
    RunOptions options = run.options;
    options.resume = true;
    data.expect(options);
    try {
      runs::inspect_run(options, advice);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::data) throw;
    }
  }
}

int64_t peak_memory_of_children() {
  return std::max(peak_memory_bytes(RUSAGE_SELF), peak_memory_bytes(RUSAGE_CHILDREN));
}

}  // namespace pdmp::comparing

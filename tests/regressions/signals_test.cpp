// Signals that ask the program to stop: it saves, says how to go on, and its exit status tells why it ended.
#include <atomic>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "analysis/analysis_file.h"
#include "base/files/file.h"
#include "base/signal.h"
#include "cli/program.h"
#include "cli/toy_data.h"
#include "pdmp/error.h"
#include "pdmp/run.h"
#include "support/temporary_directory.h"
#include "support/tiny_task.h"
#include "train/files/run_directory.h"
#include "train/fit_in.h"

namespace pdmp::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

// The real program in a process of its own, its stderr in a file.
class Started {
 public:
  Started(std::vector<std::string> arguments, const fs::path& log, int ignored = 0) : log_(log) {
    arguments.insert(arguments.begin(), PDMP_PROGRAM);
    std::vector<char*> words;
    for (std::string& word : arguments) words.push_back(word.data());
    words.push_back(nullptr);
    process_ = fork();
    if (process_ != 0) return;
    setpgid(0, 0);
    if (ignored != 0) std::signal(ignored, SIG_IGN);
    const int file = open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    dup2(file, STDOUT_FILENO);
    dup2(file, STDERR_FILENO);
    execv(words[0], words.data());
    _exit(127);
  }
  ~Started() {
    if (process_ == 0) return;
    kill(-process_, SIGKILL);
    waitpid(process_, nullptr, 0);
  }
  Started(const Started&) = delete;
  Started& operator=(const Started&) = delete;

  void send(int number) const { kill(process_, number); }
  void send_to_group(int number) const { kill(-process_, number); }
  bool runs() const { return waitpid(process_, nullptr, WNOHANG) == 0; }

  // Until `done`, or the process has ended.
  void await(const std::function<bool()>& done) const {
    while (!done() && runs()) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }

  // Exit status; 128 + n where signal n ended it.
  int wait() {
    int status = 0;
    waitpid(process_, &status, 0);
    process_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  std::string said() const { return read_file(log_); }

 private:
  fs::path log_;
  pid_t process_ = 0;
};

struct Signals : ::testing::Test {
  TemporaryDirectory directory;
  std::string data = (directory / "data").string();
  fs::path run = directory / "run", log = directory / "log";

  Signals() { write_toy_data(data, 24); }

  // Long enough to be stopped anywhere, in steps of a moment.
  std::vector<std::string> training(const std::string& epochs = "4000") const {
    return {"train", "--data",    data, "--run",     run.string(), "--epochs", epochs, "--batch-size",
            "12",    "--threads", "1",  "--workers", "0",          "--lr",     "0.01"};
  }
  bool has_checkpoint() const { return fs::exists(run / "checkpoints/last/checkpoint.json"); }
};

// Was: USR1, USR2 and HUP ended it without a checkpoint, and TERM like Ctrl-C with 130.
TEST_F(Signals, EachSavesAndHasItsStatus) {
  for (const int number : {SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGINT}) {
    fs::remove_all(run);
    Started program(training(), log);
    program.await([&] { return has_checkpoint(); });
    program.send(number);
    EXPECT_EQ(program.wait(), number == SIGINT ? 130 : 75) << number;
    EXPECT_THAT(program.said(), HasSubstr("--resume")) << number;
  }
  std::vector<std::string> resumed = training();
  resumed.emplace_back("--resume");
  Started program(resumed, log);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  program.send(SIGTERM);
  program.wait();
}

TEST_F(Signals, OneIgnoredAtTheStartStaysIgnored) {
  Started program(training(), log, SIGHUP);
  program.await([&] { return has_checkpoint(); });
  program.send(SIGHUP);
  const auto size = [&] { return fs::exists(run / "metrics.jsonl") ? fs::file_size(run / "metrics.jsonl") : 0; };
  const auto before = size();
  program.await([&] { return size() > before + 20000; });
  EXPECT_TRUE(program.runs()) << program.said();
  program.send(SIGTERM);
  EXPECT_EQ(program.wait(), 75);
}

TEST_F(Signals, ASecondOneEndsAtOnceAndTheRunGoesOn) {
  run_program(training("30"));
  const std::string expected = read_file(run / "predictions.csv"), metrics = read_file(run / "metrics.jsonl");
  fs::remove_all(run);
  Started program(training("30"), log);
  program.await([&] { return has_checkpoint(); });
  program.send(SIGTERM);
  program.send(SIGUSR1);
  const int status = program.wait();
  EXPECT_TRUE(status == 75 || status == 0) << status;
  std::vector<std::string> resumed = training("30");
  resumed.emplace_back("--resume");
  const ProgramResult result = run_program(resumed);
  EXPECT_EQ(result.code, 0) << result.error;
  EXPECT_EQ(read_file(run / "predictions.csv"), expected);
  EXPECT_EQ(read_file(run / "metrics.jsonl"), metrics);
}

// Whoever gets the signal: the parent alone (kill), or all of the process group (Ctrl-C).
TEST_F(Signals, AComparisonStopsItsTrainings) {
  const std::string out = (directory / "out").string();
  const std::vector<std::string> command = {
      "compare", "--data",       data, "--out",     out, "--methods", "joint", "--seeds", "1", "--epochs",
      "4000",    "--batch-size", "12", "--threads", "1", "--workers", "0",     "--jobs",  "2"};
  const auto lasts = [&] {
    int count = 0;
    if (!fs::exists(out)) return count;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(out)) {
      if (entry.path().filename() == "metrics.jsonl") ++count;
    }
    return count;
  };
  for (const bool group : {false, true}) {
    fs::remove_all(out);
    Started program(command, log);
    program.await([&] {
      try {
        return lasts() >= 2;
      } catch (const fs::filesystem_error&) {  // files come and go meanwhile
        return false;
      }
    });
    const int number = group ? SIGINT : SIGTERM;
    group ? program.send_to_group(number) : program.send(number);
    EXPECT_EQ(program.wait(), group ? 130 : 75) << program.said();
    EXPECT_THAT(program.said(), HasSubstr("go on with the same command"));
    int saved = 0;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(out)) {
      if (entry.path().filename() != "config.toml") continue;
      EXPECT_NO_THROW(training::RunDirectory(entry.path().parent_path())) << "its process is still there";
      saved += fs::exists(entry.path().parent_path() / "checkpoints/last") ? 1 : 0;
    }
    EXPECT_EQ(saved, 2) << "each training saves";
  }
}

// A split whose n-th sample that is asked for comes with SIGTERM.
class Stopping : public Dataset {
 public:
  Stopping(std::shared_ptr<const Dataset> data, int64_t at) : data_(std::move(data)), left_(at) {}
  int64_t size() const override { return data_->size(); }
  const std::vector<ModalityInfo>& modalities() const override { return data_->modalities(); }
  const std::vector<std::string>& classes() const override { return data_->classes(); }
  int64_t label(int64_t index) const override { return data_->label(index); }
  std::string id(int64_t index) const override { return data_->id(index); }
  Sample get(int64_t index, RandomStream* augment) const override {
    if (--left_ == 0) std::raise(SIGTERM);
    return data_->get(index, augment);
  }

 private:
  std::shared_ptr<const Dataset> data_;
  mutable std::atomic<int64_t> left_;
};

struct StoppedEvaluation : ::testing::Test {
  TemporaryDirectory directory;
  TrainingData data = tiny_task();

  StoppedEvaluation() { install_interrupt_handler(); }
  ~StoppedEvaluation() override { clear_interrupt(); }

  // Calls `train` until it is through; how often it was stopped.
  template <class Train>
  int until_done(const Train& train) {
    for (int stops = 0;; ++stops) {
      try {
        train();
        return stops;
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::interrupted) << error.what();
        if (error.kind() != ErrorKind::interrupted || stops > 2) return -1;
        clear_interrupt();
      }
    }
  }
};

// Was: the signal waited until the next step, or, in the last epoch, was not obeyed at all.
TEST_F(StoppedEvaluation, OfATrainingResumesToTheSameResult) {
  std::shared_ptr<Model> model;
  const auto train = [&](const std::string& name, const TrainingData& splits) {
    training::RunDirectory run(directory / name);
    model = std::make_shared<Model>(splits.train->modalities(), 3, tiny_model(), 0);
    training::fit_in(&run, Trainer(tiny_training(3), std::nullopt), model,
                     *find_method("ogm_ge").make_options()->make(), splits);
  };
  train("undisturbed", data);
  const std::vector<Tensor> expected = model->parameters();
  const std::string metrics = read_file(directory / "undisturbed/metrics.jsonl");
  for (int64_t at = 1; at <= 3 * data.val->size(); at += 7) {
    TrainingData splits = data;
    splits.val = std::make_shared<Stopping>(data.val, at);
    const std::string name = fmt::format("run{}", at);
    EXPECT_EQ(until_done([&] { train(name, splits); }), 1) << at;
    EXPECT_EQ(read_file(directory / name / "metrics.jsonl"), metrics) << at;
    for (size_t i = 0; i < expected.size(); ++i) EXPECT_TRUE(model->parameters()[i].equal(expected[i])) << at;
  }
}

TEST_F(StoppedEvaluation, OfAnAnalysisResumesToTheSameResult) {
  AnalysisOptions options;
  options.stop = "never";
  const auto analyzed = [&](const std::string& name, const TrainingData& splits) {
    return analysis::to_json(analyze(splits, tiny_model(), tiny_training(3), options, directory / name));
  };
  const nlohmann::json expected = analyzed("undisturbed", data);
  for (int64_t at = 1; at <= 6 * data.val->size(); at += 13) {  // two modalities, three epochs
    TrainingData splits = data;
    splits.val = std::make_shared<Stopping>(data.val, at);
    const std::string name = fmt::format("run{}", at);
    nlohmann::json found;
    EXPECT_EQ(until_done([&] { found = analyzed(name, splits); }), 1) << at;
    EXPECT_EQ(found, expected) << at;
  }
}

}  // namespace
}  // namespace pdmp::testing

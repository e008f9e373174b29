// How a program follows calls into pdmp while they work, and stops them. Without a session calls report nothing: the
// library writes to no stream, and errors are exceptions.
//
//   struct Bars : pdmp::Recorder {
//     void on_progress(const pdmp::ProgressReport& report) override { bar.set(report.done, report.total); }
//   };
//   pdmp::CancelToken stop;                                     // stop.cancel() from a button, a signal, a thread
//   pdmp::Session session(std::make_shared<Bars>(), stop);      // of this thread, while it lives
//   pdmp::train(options);
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace pdmp {

// Importance of a message. Errors that end a call are exceptions, not messages.
enum class LogLevel { info, warning, error };

// Progress of one piece of work.
struct ProgressReport {
  std::string label, unit;      // what is done, and what is counted: "train", "step"
  std::string note;             // additional text, may be empty: "loss 0.42"
  int64_t done = 0, total = 0;  // units finished and in all; total 0: unknown
  double seconds = 0;           // since the work began
  bool last = false;            // whether this is the last report of this work
};

// A sampled step of a training (TrainOptions::log_every), as a line of metrics.jsonl (docs/run-directory.md).
struct StepReport {
  std::string training;                  // name of the method, or the label given to Trainer::fit
  int64_t epoch = 0, step = 0;           // 0-based; steps over the whole training
  std::map<std::string, double> values;  // "loss/total", "coef/audio"; NaN where a value is undefined
};

// An epoch of a training with its scores on validation, as a line of metrics.jsonl.
struct EpochReport {
  std::string training;                  // as StepReport::training
  int64_t epoch = 0;                     // 0-based
  std::map<std::string, double> values;  // "train/loss", "val/accuracy"; NaN where a value is undefined
};

// Receives the reports of calls; every default does nothing. Functions are called one at a time, from any thread that
// works for the call. An exception thrown by a function ends the call, except in the last report of progress, where it
// is ignored.
class Recorder {
 public:
  virtual ~Recorder() = default;
  virtual void on_log(LogLevel level, const std::string& message);  // one line, or a table of several lines
  virtual void on_progress(const ProgressReport& report);           // at most ten times a second, and at the end
  virtual void on_step(const StepReport& report);                   // after a sampled step
  virtual void on_epoch(const EpochReport& report);                 // after each epoch, when it is scored
};

// Asks calls to stop. Copies share one flag. A training stops at the end of the current step and saves a checkpoint
// first. Functions may be called from any thread.
class CancelToken {
 public:
  CancelToken() : cancelled_(std::make_shared<std::atomic<bool>>(false)) {}  // not cancelled
  void cancel() const { *cancelled_ = true; }                                // also from a signal handler
  void reset() const { *cancelled_ = false; }                                // for further calls
  bool cancelled() const { return *cancelled_; }                             // since construction or `reset`

 private:
  std::shared_ptr<std::atomic<bool>> cancelled_;
};

class SessionContext;  // src/base/session.h

// Calls of the thread that constructs it report to the recorder, and throw Error{interrupted} once the token is
// cancelled, while the object lives. Sessions of a thread may be nested and must end in reverse order: the innermost
// recorder receives the reports, and each token stops the calls.
class Session {
 public:
  // `recorder` null: reports go where they would go without this session.
  explicit Session(std::shared_ptr<Recorder> recorder, CancelToken cancel = {});
  ~Session();  // restores the session around it
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

 private:
  std::shared_ptr<const SessionContext> outer_;
};

}  // namespace pdmp

// Where the numbers of a training go while it runs.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "train/files/run_directory.h"

namespace pdmp::training {

// Takes lines as docs/run-directory.md describes them, in the order they arise, each once.
class Recorder {
 public:
  virtual ~Recorder() = default;
  virtual void on_step(const nlohmann::json& line) = 0;    // kind "step" of metrics.jsonl, on sampled steps
  virtual void on_epoch(const nlohmann::json& line) = 0;   // kind "epoch" of metrics.jsonl
  virtual void on_timing(const nlohmann::json& line) = 0;  // of timing.jsonl, after the epoch's own
};

// Into the files of a run, which must outlive it.
class RunRecorder final : public Recorder {
 public:
  explicit RunRecorder(RunDirectory& run) : run_(run) {}
  void on_step(const nlohmann::json& line) override { run_.append_metrics(line); }
  void on_epoch(const nlohmann::json& line) override { run_.append_metrics(line); }
  void on_timing(const nlohmann::json& line) override { run_.append_timing(line); }

 private:
  RunDirectory& run_;
};

// To the recorder of the session, without timing. `training`: what it calls the training.
class SessionRecorder final : public Recorder {
 public:
  explicit SessionRecorder(std::string training) : training_(std::move(training)) {}
  void on_step(const nlohmann::json& line) override;
  void on_epoch(const nlohmann::json& line) override;
  void on_timing(const nlohmann::json&) override {}

 private:
  std::string training_;
};

// Into memory.
class MemoryRecorder final : public Recorder {
 public:
  void on_step(const nlohmann::json& line) override { steps.push_back(line); }
  void on_epoch(const nlohmann::json& line) override { epochs.push_back(line); }
  void on_timing(const nlohmann::json& line) override { timings.push_back(line); }

  std::vector<nlohmann::json> steps, epochs, timings;
};

}  // namespace pdmp::training

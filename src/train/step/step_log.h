// Numbers of a step: what is logged on sampled steps, and the running sums of an epoch.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "pdmp/method.h"

namespace pdmp::training {

// Adds acc/<m>, dep/W_<m> and dep/w (two modalities: W_1 / W_2) of this batch, from the unimodal logits of `outputs`
// or, where it has none, from the model's on its features; nothing where it has neither.
void log_branches(StepLog& log, Model& model, const Outputs& outputs, const Batch& batch);

// Adds <prefix>/<m> per modality and <prefix>/shared: L2 norm of the encoder's gradients and of all others, each
// multiplied by its group's learning-rate factor where `scaled`.
void log_gradient_norms(StepLog& log, const std::string& prefix, const Model& model, Optimizer& optimizer, bool scaled);

// Sums of an unfinished epoch; survive a checkpoint in its middle.
struct EpochSums {
  double loss = 0;
  int64_t correct = 0, samples = 0;
  std::map<std::string, std::pair<double, int64_t>> logged;  // name -> sum, count

  void add(const StepLog& log);
  StepLog means() const;
  nlohmann::json save() const;
  static EpochSums load(const nlohmann::json& value);
};

}  // namespace pdmp::training

// Greedy (ICML 2022): branches that gate each other's channels (fusion mmtm) and have a classifier each,
//   L = sum_m CE(s_m), prediction = mean of s_m.
// Q_main and Q_bypass of a branch add up |gradient|^2 / |weight|^2 over its own network and over its part of the
// MMTMs; v_m = log10(Q_bypass / Q_main) says how much faster it learns to use the others than to see for itself. Where
// the largest v is more than epsilon above the smallest, that branch's gates are held at their mean over the training
// so far, for `window` steps in which nothing is added up.
//
// What several branches share (the squeeze of an MMTM, late stages) counts for each of them; classifiers for none.
#include "methods/greedy.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <limits>

#include "methods/methods.h"
#include "methods/parts/linear_head.h"
#include "methods/parts/one_modality.h"
#include "methods/parts/unimodal_heads.h"
#include "models/fusion/mmtm.h"
#include "pdmp/error.h"
#include "pdmp/methods/greedy.h"

namespace pdmp::methods {
namespace {

constexpr double kFloor = 1e-30;

// |x|^2 over all tensors together.
Tensor squared_norm(const std::vector<Tensor>& tensors) {
  return torch::stack(at::_foreach_norm(tensors, 2)).to(torch::kFloat64).square().sum();
}

}  // namespace

Tensor relative_step(const std::vector<Tensor>& parameters) {
  const torch::NoGradGuard no_gradients;
  std::vector<Tensor> values, gradients;
  for (const Tensor& parameter : parameters) {
    if (!parameter.grad().defined()) continue;
    values.push_back(parameter.detach());
    gradients.push_back(parameter.grad());
  }
  if (values.empty()) return torch::zeros({}, torch::kFloat64);
  return squared_norm(gradients) / squared_norm(values).clamp_min(kFloor);
}

double conditional_speed(const LearningSpeed& speed) {
  if (speed.main == 0) return std::numeric_limits<double>::quiet_NaN();
  return std::log10(std::max(speed.bypass, kFloor) / speed.main);
}

double gap_of(const std::vector<double>& speeds) {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (const double speed : speeds) {
    if (std::isnan(speed)) continue;
    low = std::min(low, speed);
    high = std::max(high, speed);
  }
  return high > low ? high - low : 0;
}

void Rebalancing::resume(std::optional<size_t> target, int64_t counter) {
  target_ = target;
  counter_ = counter;
}

void Rebalancing::finish_step(const std::vector<double>& speeds, bool may_start) {
  if (target_) {
    if (++counter_ == window_) target_.reset();
    return;
  }
  if (!may_start || !(gap_of(speeds) > epsilon_)) return;
  size_t fastest = 0;
  for (size_t m = 1; m < speeds.size(); ++m) {
    if (std::isnan(speeds[fastest]) || speeds[m] > speeds[fastest]) fastest = m;
  }
  target_ = fastest;
  counter_ = 0;
}

namespace {

// Parameters of modality m.
struct Branch {
  std::vector<Tensor> main, bypass;
  LearningSpeed speed;
  int64_t steps = 0;          // that `gates` are the means of
  std::vector<Tensor> gates;  // (C_m) of each MMTM; undefined before the first step that had the modality
};

class Greedy : public Method {
 public:
  explicit Greedy(const GreedyOptions& options) : options_(options), rebalancing_(options.epsilon, options.window) {}

  std::shared_ptr<torch::nn::Module> extend(Model& model) override;
  void prepare(PrepareContext& context, const OptimizerOptions& optimizer) override;
  Outputs forward(Model& model, const Batch& batch, Mode mode) override;
  Loss loss(StepContext& context, const Outputs& outputs) override;
  Loss step(StepContext& context) override;
  std::vector<std::string> notes() const override { return notes_; }
  void save(Archive& archive) const override;
  void load(const Archive& archive) override;

 private:
  bool active(const StepContext& context) const { return context.epoch() + 1 >= options_.start; }
  std::optional<size_t> choose(StepContext& context) const;
  void observe_gates(const models::MmtmFusion& fusion, const Tensor& present);
  void measure(const Tensor& present);
  std::vector<double> speeds() const;
  void log(StepContext& context, std::optional<size_t> held) const;

  GreedyOptions options_;
  Rebalancing rebalancing_;
  std::vector<Branch> branches_;  // M; empty: this run is `joint`
  torch::Device device_ = torch::kCPU;
  std::vector<std::string> notes_;
};

// The gates of one branch stay at their means as long as it lives.
class HeldGates {
 public:
  HeldGates(const models::MmtmFusion& fusion, const std::vector<Branch>& branches, std::optional<size_t> held)
      : transfers_(fusion.transfers()), held_(held) {
    for (size_t i = 0; held_ && i < transfers_.size(); ++i) {
      const Tensor& mean = branches[*held_].gates[i];
      if (mean.defined()) transfers_[i]->fix_gate(*held_, mean);
    }
  }
  ~HeldGates() {
    for (size_t i = 0; held_ && i < transfers_.size(); ++i) transfers_[i]->fix_gate(*held_, std::nullopt);
  }
  HeldGates(const HeldGates&) = delete;
  HeldGates& operator=(const HeldGates&) = delete;

 private:
  std::vector<models::MultimodalTransfer> transfers_;
  std::optional<size_t> held_;
};

models::MmtmFusion& mmtm_of(Model& model) {
  auto* fusion = dynamic_cast<models::MmtmFusion*>(&model.fusion());
  if (fusion != nullptr && fusion->has_branch_heads()) return *fusion;
  throw Error(ErrorKind::usage,
              "greedy holds the gates between branches that have a classifier each, this fusion has no such: use "
              "`fusion` mmtm:heads=branch");
}

// In `extend`, so that the wrong fusion is told before anything else; and for evaluation, which prepares nothing.
std::shared_ptr<torch::nn::Module> Greedy::extend(Model& model) {
  notes_.clear();
  branches_.clear();
  rebalancing_.resume(std::nullopt, 0);
  if (model.modalities() == 1) {
    notes_.push_back(one_modality_note(model, "greedy"));
    return nullptr;
  }
  branches_.resize(static_cast<size_t>(model.modalities()));
  for (Branch& branch : branches_) branch.gates.resize(mmtm_of(model).transfers().size());
  return nullptr;
}

void Greedy::prepare(PrepareContext& context, const OptimizerOptions&) {
  if (branches_.empty()) return;
  for (const OwnedParameter& parameter : context.model().ownership()) {
    device_ = parameter.value.device();
    const bool gate = parameter.name.starts_with("fusion.mmtm");
    const bool late = parameter.name.starts_with("fusion.layer");
    if (!gate && !late && !parameter.in_encoder) continue;
    for (size_t m = 0; m < branches_.size(); ++m) {
      if (parameter.owner && *parameter.owner != static_cast<int64_t>(m)) continue;
      (gate ? branches_[m].bypass : branches_[m].main).push_back(parameter.value);
    }
  }
}

Outputs Greedy::forward(Model& model, const Batch& batch, Mode mode) {
  if (mode == Mode::evaluate || branches_.empty()) return Method::forward(model, batch, mode);
  Outputs outputs;
  outputs.features = encode_all(model, batch);
  outputs.unimodal = mmtm_of(model).branch_logits(outputs.features, batch.present);
  outputs.fused = models::MmtmFusion::mean_of_branches(outputs.unimodal, batch.present);
  return outputs;
}

// The fused loss is only looked at.
Loss Greedy::loss(StepContext& context, const Outputs& outputs) {
  Loss result = Method::loss(context, outputs);
  if (branches_.empty()) return result;
  std::vector<Tensor> logits;
  for (const Tensor& own : outputs.unimodal) logits.push_back(own.to(outputs.fused.scalar_type()));  // low precision
  Tensor sum;
  for (const Tensor& own : log_own_losses(context, logits, result)) {
    if (own.defined()) sum = sum.defined() ? sum + own : own;
  }
  if (sum.defined()) result.total = sum;
  return result;
}

Loss Greedy::step(StepContext& context) {
  if (branches_.empty()) return Method::step(context);
  const models::MmtmFusion& fusion = mmtm_of(context.model());
  const std::optional<size_t> held = choose(context);
  Outputs outputs;
  {
    const HeldGates gates(fusion, branches_, held);
    outputs = context.forward();
  }
  observe_gates(fusion, context.batch().present);
  Loss result = loss(context, outputs);
  context.backward(result.total);
  if (!held) measure(context.batch().present);
  if (options_.choice == GreedyChoice::speed) rebalancing_.finish_step(speeds(), active(context));
  if (context.logging()) log(context, held);
  context.update(outputs);
  result.total = result.total.detach();
  return result;
}

std::optional<size_t> Greedy::choose(StepContext& context) const {
  if (options_.choice == GreedyChoice::speed) return rebalancing_.target();
  if (!active(context)) return std::nullopt;
  const int64_t drawn = context.random().integer(0, static_cast<int64_t>(branches_.size()));
  return drawn == 0 ? std::nullopt : std::optional<size_t>(static_cast<size_t>(drawn - 1));
}

// Moves the means on by what the last pass computed, whether it was used or not. Rows without the modality are left
// out.
void Greedy::observe_gates(const models::MmtmFusion& fusion, const Tensor& present) {
  const torch::NoGradGuard no_gradients;
  const std::vector<models::MultimodalTransfer> transfers = fusion.transfers();
  for (size_t m = 0; m < branches_.size(); ++m) {
    const Tensor rows = present.select(1, static_cast<int64_t>(m)).nonzero().flatten();
    if (rows.size(0) == 0) continue;
    Branch& branch = branches_[m];
    ++branch.steps;
    for (size_t i = 0; i < transfers.size(); ++i) {
      const Tensor& gate = transfers[i]->gate(m);
      const Tensor wide = gate.scalar_type() == torch::kDouble ? gate : gate.to(torch::kFloat32);
      const Tensor now = wide.index_select(0, rows).mean(0);
      Tensor& mean = branch.gates[i];
      mean = mean.defined() ? mean + (now - mean) / static_cast<double>(branch.steps) : now;
    }
  }
}

void Greedy::measure(const Tensor& present) {
  const Tensor there = present.any(0).cpu();
  std::vector<Tensor> steps;
  for (const Branch& branch : branches_) {
    steps.push_back(relative_step(branch.main).to(device_));
    steps.push_back(relative_step(branch.bypass).to(device_));
  }
  const Tensor values = torch::stack(steps).cpu();
  for (size_t m = 0; m < branches_.size(); ++m) {
    const auto index = static_cast<int64_t>(m);
    if (!there[index].item<bool>()) continue;
    branches_[m].speed.main += values[2 * index].item<double>();
    branches_[m].speed.bypass += values[2 * index + 1].item<double>();
  }
}

std::vector<double> Greedy::speeds() const {
  std::vector<double> result;
  for (const Branch& branch : branches_) result.push_back(conditional_speed(branch.speed));
  return result;
}

void Greedy::log(StepContext& context, std::optional<size_t> held) const {
  const std::vector<double> all = speeds();
  context.log()["gap"] = gap_of(all);
  for (size_t m = 0; m < all.size(); ++m) {
    const std::string& name = context.model().infos()[m].name;
    context.log()["held/" + name] = held == m ? 1 : 0;
    if (!std::isnan(all[m])) context.log()["score/" + name] = all[m];
  }
}

std::string gate_name(size_t i, size_t m) { return fmt::format("greedy.gate_{}_{}", i, m); }

void Greedy::save(Archive& archive) const {
  std::vector<double> main, bypass;
  std::vector<int64_t> steps;
  for (size_t m = 0; m < branches_.size(); ++m) {
    const Branch& branch = branches_[m];
    main.push_back(branch.speed.main);
    bypass.push_back(branch.speed.bypass);
    steps.push_back(branch.steps);
    for (size_t i = 0; i < branch.gates.size(); ++i) {
      if (branch.gates[i].defined()) archive.tensors.emplace_back(gate_name(i, m), branch.gates[i].clone());
    }
  }
  archive.values["main"] = main;
  archive.values["bypass"] = bypass;
  archive.values["steps"] = steps;
  const std::optional<size_t> target = rebalancing_.target();
  archive.values["held"] = target ? static_cast<int64_t>(*target) : -1;
  archive.values["held_steps"] = rebalancing_.counter();
}

void Greedy::load(const Archive& archive) {
  const auto main = archive.value("main", std::vector<double>());
  const auto bypass = archive.value("bypass", std::vector<double>());
  const auto steps = archive.value("steps", std::vector<int64_t>());
  const size_t saved = std::min({main.size(), bypass.size(), steps.size()});
  if (saved != branches_.size()) {
    throw Error(ErrorKind::data, fmt::format("the checkpoint has {} branches of greedy, this run has {}; resume with "
                                             "the same modalities",
                                             saved, branches_.size()));
  }
  for (size_t m = 0; m < branches_.size(); ++m) {
    Branch& branch = branches_[m];
    branch.speed = {main[m], bypass[m]};
    branch.steps = steps[m];
    for (size_t i = 0; i < branch.gates.size(); ++i) {
      const Tensor* gate = archive.find(gate_name(i, m));
      branch.gates[i] = gate == nullptr ? Tensor() : gate->to(device_).clone();
    }
  }
  const int64_t held = archive.value("held", int64_t{-1});
  rebalancing_.resume(held < 0 ? std::nullopt : std::optional<size_t>(static_cast<size_t>(held)),
                      archive.value("held_steps", int64_t{0}));
}

}  // namespace

MethodInfo greedy_method() {
  return {
      .name = GreedyOptions::kMethod,
      .summary = "Holds the gates of the branch that learns faster from the others than from itself (fusion mmtm).",
      .source =
          "Characterizing and Overcoming the Greedy Nature of Learning in Multi-modal Deep Neural Networks, ICML "
          "2022",
      .make_options = make_options<GreedyOptions>,
      .description =
          "For branches that gate each other's channels: compares how fast a branch's gates and its own network learn. "
          "The branch whose gates are fastest has them held at their running mean for a few steps, so that it must "
          "learn "
          "from its own input.",
      .formula =
          "L = sum_m CE(s_m), prediction = mean of s_m\n"
          "Q_main_m += |gradient|^2 / |weight|^2 of branch m, Q_bypass_m += the same of its part of the MMTMs\n"
          "v_m = log10(Q_bypass_m / Q_main_m)\n"
          "max v - min v > epsilon: in the next `window` steps the gates of the branch with the largest v are their "
          "means over the training so far, and Q stays as it is",
      .cost = "Norms of all parameters and gradients per step in which nothing is held. Nothing per epoch.",
      .step_factor = 1,
      .release =
          "The second branch's running mean is taken from the first branch's gates; here each has its own. A "
          "benchmark's "
          "port empties the means before it reads them and cannot run.",
  };
}

}  // namespace pdmp::methods

namespace pdmp {

void GreedyOptions::describe(OptionList& list) {
  list.add("epsilon", &epsilon, "Gap between the branches' speeds above which the fastest one is held.")
      .at_least(0)
      .search(0.001, 0.1);
  list.add("window", &window, "Steps for which a branch is held.").at_least(1);
  list.add("start", &start, "First epoch, counted from 1, in which a branch may be held.").at_least(1);
  list.add("choice", &choice,
           "Hold the branch that the speeds tell (speed), or in every step any of them or none at random, the paper's "
           "control (random).");
}

std::unique_ptr<Method> GreedyOptions::make() const { return std::make_unique<methods::Greedy>(*this); }

}  // namespace pdmp

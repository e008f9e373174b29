#include "pdmp/optimizer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <unordered_set>

#include "pdmp/error.h"

namespace pdmp {
namespace {

// Whether element k of one is element k of the other in memory order too. Strides of dimensions of size 1 say nothing.
bool same_layout(const Tensor& a, const Tensor& b) {
  for (int64_t d = 0; d < a.dim(); ++d) {
    if (a.size(d) != 1 && a.stride(d) != b.stride(d)) return false;
  }
  return true;
}

Tensor in_layout_of(const Tensor& parameter, const Tensor& tensor) {
  if (tensor.sizes() != parameter.sizes() || same_layout(tensor, parameter)) return tensor;
  return at::empty_like(parameter).copy_(tensor);
}

// All numbers in the order of memory. The fused kernels would copy a tensor in channels-last order, at every step.
Tensor in_memory_order(const Tensor& tensor) {
  return tensor.is_contiguous() ? tensor : tensor.as_strided({tensor.numel()}, {1});
}

void check_parameter(const Tensor& parameter, const std::string& group, std::unordered_set<void*>& seen) {
  if (!seen.insert(parameter.unsafeGetTensorImpl()).second) {
    throw Error(ErrorKind::usage,
                fmt::format("a parameter of group '{}' is in two groups (or twice in one) and would be "
                            "updated twice; put it into one group",
                            group));
  }
  if (!parameter.is_non_overlapping_and_dense()) {
    throw Error(ErrorKind::usage,
                fmt::format("a parameter of group '{}' is a view with gaps in memory, which the fused "
                            "update would write through; register a copy (clone()) of it",
                            group));
  }
}

[[noreturn]] void refuse_state(const std::string& why) {
  throw Error(ErrorKind::data,
              fmt::format("the saved optimizer state does not fit this model and optimizer: {}; resume "
                          "with the configuration it was saved with",
                          why));
}

std::string state_name(size_t parameter, size_t state) { return fmt::format("optimizer.{}.{}", parameter, state); }

// Fills `state` from the archive; what comes out has the layout of `state`.
void load_state(const Archive& archive, size_t parameter, std::vector<Tensor>& state) {
  for (size_t k = 0; k < state.size(); ++k) {
    const std::string name = state_name(parameter, k);
    const Tensor* stored = archive.find(name);
    if (stored == nullptr) refuse_state(fmt::format("'{}' is missing", name));
    if (stored->sizes() != state[k].sizes() || stored->scalar_type() != state[k].scalar_type()) {
      refuse_state(fmt::format("'{}' should be {} of shape {}, found {} of shape {}", name,
                               c10::toString(state[k].scalar_type()), fmt::join(state[k].sizes(), "x"),
                               c10::toString(stored->scalar_type()), fmt::join(stored->sizes(), "x")));
    }
    state[k].copy_(*stored);
  }
}

}  // namespace

Optimizer::Optimizer(const OptimizerOptions& options, std::vector<ParameterGroup> groups)
    : options_(options), groups_(std::move(groups)) {
  std::unordered_set<void*> seen;
  for (const ParameterGroup& group : groups_) {
    std::vector<Slot>& slots = slots_.emplace_back();
    for (const Tensor& parameter : group.parameters) {
      check_parameter(parameter, group.name, seen);
      slots.push_back({parameter, {}});
    }
  }
}

void Optimizer::zero_grad() {
  for (std::vector<Slot>& slots : slots_) {
    for (Slot& slot : slots) slot.parameter.mutable_grad().reset();
  }
}

// Autograd hands out gradients in the parameter's layout; one that was set by hand need not be, and a model may have
// been moved to channels-last after the first step.
void Optimizer::make_ready(Slot& slot) {
  slot.parameter.mutable_grad() = in_layout_of(slot.parameter, slot.parameter.grad());
  if (slot.state.empty()) slot.state = fresh_state(slot.parameter);
  for (Tensor& state : slot.state) state = in_layout_of(slot.parameter, state);
}

void Optimizer::scale_next_step(const Tensor& parameter, double c) {
  next_step_scales_.try_emplace(parameter.unsafeGetTensorImpl(), 1.0).first->second *= c;
}

double Optimizer::next_step_scale(const Tensor& parameter) const {
  const auto found = next_step_scales_.find(parameter.unsafeGetTensorImpl());
  return found == next_step_scales_.end() ? 1 : found->second;
}

void Optimizer::forget() {
  for (std::vector<Slot>& slots : slots_) {
    for (Slot& slot : slots) slot.state.clear();
  }
}

void Optimizer::step(double schedule) {
  const torch::NoGradGuard no_grad;
  for (size_t g = 0; g < groups_.size(); ++g) {
    std::map<double, std::vector<Slot*>> ready;  // by the factor of this step: one entry, unless somebody scaled
    for (Slot& slot : slots_[g]) {
      if (!slot.parameter.grad().defined()) continue;
      make_ready(slot);
      ready[next_step_scale(slot.parameter)].push_back(&slot);
    }
    const double lr = options_.lr * schedule * groups_[g].lr_scale;
    const double decay = options_.weight_decay * groups_[g].decay_scale;
    for (const auto& [c, slots] : ready) update(slots, lr * c, c == 0 ? decay : decay / c);
  }
  next_step_scales_.clear();
}

std::vector<Tensor> Optimizer::parameters(const std::vector<Slot*>& slots) {
  std::vector<Tensor> result;
  for (const Slot* slot : slots) result.push_back(in_memory_order(slot->parameter));
  return result;
}

std::vector<Tensor> Optimizer::gradients(const std::vector<Slot*>& slots) {
  std::vector<Tensor> result;
  for (const Slot* slot : slots) result.push_back(in_memory_order(slot->parameter.grad()));
  return result;
}

std::vector<Tensor> Optimizer::states(const std::vector<Slot*>& slots, size_t index) {
  std::vector<Tensor> result;
  for (const Slot* slot : slots) result.push_back(in_memory_order(slot->state[index]));
  return result;
}

void Optimizer::save(Archive& archive) const {
  std::vector<int64_t> counts;
  for (const std::vector<Slot>& slots : slots_) {
    for (const Slot& slot : slots) {
      for (size_t k = 0; k < slot.state.size(); ++k) {
        archive.tensors.emplace_back(state_name(counts.size(), k), slot.state[k].detach().clone());
      }
      counts.push_back(static_cast<int64_t>(slot.state.size()));
    }
  }
  archive.values["optimizer"] = options_.optimizer;
  archive.values["states"] = counts;
}

void Optimizer::load(const Archive& archive) {
  const torch::NoGradGuard no_grad;
  if (!archive.values.contains("optimizer")) refuse_state("it holds no optimizer");
  const auto name = archive.value("optimizer", std::string());
  if (name != options_.optimizer) refuse_state(fmt::format("it is of '{}', this is '{}'", name, options_.optimizer));
  const auto counts = archive.value("states", std::vector<int64_t>());
  size_t parameter = 0;
  std::vector<std::vector<Slot>> loaded = slots_;  // so that an error leaves the optimizer as it was
  for (std::vector<Slot>& slots : loaded) {
    for (Slot& slot : slots) {
      const size_t stored = parameter < counts.size() ? static_cast<size_t>(counts[parameter]) : 0;
      slot.state = stored == 0 ? std::vector<Tensor>() : fresh_state(slot.parameter);
      if (slot.state.size() != stored) {
        refuse_state(
            fmt::format("parameter {} has {} saved tensors, expected {}", parameter, stored, slot.state.size()));
      }
      load_state(archive, parameter++, slot.state);
    }
  }
  if (parameter != counts.size()) {
    refuse_state(fmt::format("it is of {} parameters, the model has {}", counts.size(), parameter));
  }
  slots_ = std::move(loaded);
}

}  // namespace pdmp

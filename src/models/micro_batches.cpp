#include "models/micro_batches.h"

#include <ATen/Context.h>
#include <ATen/autocast_mode.h>
#include <algorithm>
#include <memory>
#include <torch/autograd.h>
#include <torch/custom_class.h>
#include <utility>
#include <vector>

namespace pdmp::models {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Whether operations cast their inputs, and to what.
struct Autocast {
  explicit Autocast(torch::DeviceType type)
      : device(type), enabled(at::autocast::is_autocast_enabled(type)), to(at::autocast::get_autocast_dtype(type)) {}

  void set() const {
    at::autocast::set_autocast_enabled(device, enabled);
    at::autocast::set_autocast_dtype(device, to);
  }

  torch::DeviceType device;
  bool enabled;
  at::ScalarType to;
};

// Autocast as it was at an earlier pass, for the life of the object. Casts of weights made without gradients would be
// used by passes that need some, so none are kept.
class AutocastAs {
 public:
  explicit AutocastAs(const Autocast& earlier)
      : now_(earlier.device), kept_casts_(at::autocast::is_autocast_cache_enabled()) {
    earlier.set();
    at::autocast::set_autocast_cache_enabled(false);
  }
  ~AutocastAs() {
    now_.set();
    at::autocast::set_autocast_cache_enabled(kept_casts_);
  }
  AutocastAs(const AutocastAs&) = delete;
  AutocastAs& operator=(const AutocastAs&) = delete;

 private:
  Autocast now_;
  bool kept_casts_;
};

// What a pass through a network depends on beside weights, input and autocast.
class PassState {
 public:
  PassState(const torch::nn::Module& network, const torch::Device& device)
      : training_(network.is_training()),
        generator_(at::globalContext().defaultGenerator(device)),
        random_(generator_.get_state()) {
    for (const auto& part : network.modules(/*include_self=*/false)) modes_.emplace_back(part, part->is_training());
    for (const Tensor& buffer : network.buffers()) buffers_.emplace_back(buffer, buffer.detach().clone());
  }

  void restore(torch::nn::Module& network) const {
    if (network.is_training() != training_) network.train(training_);
    for (const auto& [part, mode] : modes_) {  // parents first
      if (part->is_training() != mode) part->train(mode);
    }
    // Not a change that graphs of other passes need to know of: they took the statistics of their batch.
    for (const auto& [buffer, value] : buffers_) buffer.variable_data().copy_(value);
    at::Generator(generator_).set_state(random_);
  }

 private:
  bool training_;
  std::vector<std::pair<std::shared_ptr<torch::nn::Module>, bool>> modes_;  // of the parts
  std::vector<std::pair<Tensor, Tensor>> buffers_;                          // and their values
  at::Generator generator_;
  Tensor random_;
};

// A network as it was at an earlier pass, for the life of the object.
class Replay {
 public:
  Replay(torch::nn::Module& network, const PassState& earlier, const torch::Device& device)
      : network_(network), now_(network, device) {
    earlier.restore(network);
  }
  ~Replay() { now_.restore(network_); }
  Replay(const Replay&) = delete;
  Replay& operator=(const Replay&) = delete;

 private:
  torch::nn::Module& network_;
  PassState now_;
};

// One micro-batch through an encoder, which must outlive the graph.
class Pass : public torch::CustomClassHolder {
 public:
  Pass(Encoder& encoder, Tensor x, Tensor present)
      : encoder_(encoder),
        x_(std::move(x)),
        present_(std::move(present)),
        state_(encoder, x_.device()),
        autocast_(x_.device().type()) {
    for (const Tensor& parameter : encoder.parameters()) {
      if (parameter.requires_grad()) parameters_.push_back(parameter);
    }
  }

  const std::vector<Tensor>& parameters() const { return parameters_; }

  // The pooled feature, and the map where there is one.
  variable_list run() const {
    const AutocastAs autocast(autocast_);
    const Feature feature = encode_batch(encoder_, x_, present_);
    return feature.map.defined() ? variable_list{feature.pooled, feature.map} : variable_list{feature.pooled};
  }

  // Of the parameters, from those of the outputs (undefined where an output was not used).
  variable_list gradients(const variable_list& of_outputs) const {
    const torch::AutoGradMode with_graph(true);
    // Until the gradients are there: without the statistics of a batch they are computed with the running ones.
    const Replay replay(encoder_, state_, x_.device());
    const variable_list all = run();
    variable_list outputs, given;
    for (size_t i = 0; i < all.size(); ++i) {
      if (!of_outputs[i].defined()) continue;
      outputs.push_back(all[i]);
      given.push_back(of_outputs[i]);
    }
    if (outputs.empty()) return variable_list(parameters_.size());
    return torch::autograd::grad(outputs, parameters_, given, std::nullopt, /*create_graph=*/false,
                                 /*allow_unused=*/true);
  }

 private:
  Encoder& encoder_;
  Tensor x_, present_;
  PassState state_;
  Autocast autocast_;
  std::vector<Tensor> parameters_;
};

// Node of the graph: parameters -> outputs of the pass.
class PassFunction : public torch::autograd::Function<PassFunction> {
 public:
  static variable_list forward(AutogradContext* context, const c10::intrusive_ptr<Pass>& pass, at::TensorList) {
    context->saved_data["pass"] = c10::IValue::make_capsule(pass);
    context->set_materialize_grads(false);
    return pass->run();
  }

  static variable_list backward(AutogradContext* context, const variable_list& of_outputs) {
    const auto pass = c10::static_intrusive_pointer_cast<Pass>(context->saved_data["pass"].toCapsule());
    variable_list gradients = pass->gradients(of_outputs);
    gradients.insert(gradients.begin(), Tensor());  // of the pass itself
    return gradients;
  }
};

Feature encode_again_in_backward(Encoder& encoder, const Tensor& x, const Tensor& present) {
  const bool nobody = !present.any().item<bool>();
  if (nobody || !torch::GradMode::is_enabled()) return encode_batch(encoder, x, present);
  const auto pass = c10::make_intrusive<Pass>(encoder, x, present);
  if (pass->parameters().empty()) return encode_batch(encoder, x, present);
  const variable_list outputs = PassFunction::apply(pass, at::TensorList(pass->parameters()));
  return {outputs.size() > 1 ? outputs[1] : Tensor(), outputs[0]};
}

}  // namespace

Feature encode_in_micro_batches(Encoder& encoder, const Tensor& x, const Tensor& present, int64_t rows) {
  const int64_t all = x.size(0);
  if (rows <= 0 || all <= rows) return encode_batch(encoder, x, present);
  std::vector<Tensor> maps, pooled;
  for (int64_t start = 0; start < all; start += rows) {
    const int64_t count = std::min(rows, all - start);
    const Tensor some = x.narrow(0, start, count), here = present.narrow(0, start, count);
    // The graph of the last one takes the memory that backward needs for the others.
    const bool last = start + count == all;
    const Feature feature = last ? encode_batch(encoder, some, here) : encode_again_in_backward(encoder, some, here);
    pooled.push_back(feature.pooled);
    if (feature.map.defined()) maps.push_back(feature.map);
  }
  return {maps.empty() ? Tensor() : at::cat(maps), at::cat(pooled)};
}

}  // namespace pdmp::models

// MMPareto (ICML 2024): a linear head with a loss of its own beside the fusion for each modality. An encoder descends
// along one direction that is good for the fused loss and for its own; where the two gradients disagree, along the
// shortest vector between them, given back the length of their sum. The fusion learns from the fused loss only, a head
// from its own. An encoder that several modalities share has more than one loss of its own and gets the plain sum.
#include "methods/mmpareto.h"

#include <algorithm>
#include <cmath>
#include <torch/autograd.h>
#include <unordered_map>

#include "methods/methods.h"
#include "methods/parts/one_modality.h"
#include "methods/parts/unimodal_heads.h"
#include "pdmp/methods/mmpareto.h"

namespace pdmp::methods {
namespace {

// Weights where an end of the segment is its shortest vector: not quite 1 and 0, as in the release.
constexpr double kNearlyAll = 0.999;
constexpr double kNearlyNone = 0.001;

struct Products {
  double ff = 0, fo = 0, oo = 0;
};

Products products(const std::vector<Tensor>& fused, const std::vector<Tensor>& own) {
  std::vector<Tensor> ff, fo, oo;
  const auto dot = [](const Tensor& a, const Tensor& b) { return (a * b).sum(at::kDouble); };
  for (size_t t = 0; t < fused.size(); ++t) {
    if (fused[t].defined()) ff.push_back(dot(fused[t], fused[t]));
    if (own[t].defined()) oo.push_back(dot(own[t], own[t]));
    if (fused[t].defined() && own[t].defined()) fo.push_back(dot(fused[t], own[t]));
  }
  const auto total = [](const std::vector<Tensor>& values) {
    return values.empty() ? 0.0 : at::stack(values).sum().item<double>();
  };
  return {total(ff), total(fo), total(oo)};
}

// a that makes |a f + (1 - a) o| smallest.
double shortest(const Products& p) {
  if (p.fo >= p.ff) return kNearlyAll;
  if (p.fo >= p.oo) return kNearlyNone;
  return (p.oo - p.fo) / (p.ff + p.oo - 2 * p.fo);
}

// a f + b o
Tensor combine(const Tensor& f, double a, const Tensor& o, double b) {
  if (!f.defined() && !o.defined()) return {};
  if (!o.defined()) return f * a;
  return f.defined() ? (f * a).add_(o, b) : o * b;
}

Tensor length(const Tensor& x) { return at::linalg_vector_norm(x, 2, at::OptionalIntArrayRef(), false, at::kDouble); }

// long / short, 1 where there is nothing to stretch.
Tensor stretch(const Tensor& longer, const Tensor& shorter) {
  return at::where(shorter > 0, longer / shorter, at::ones_like(shorter)).clamp_min(1);
}

// Multiplies the tensors by gamma and by what gives them back the length of f + o.
void restore_length(MergedGradient& merged, const std::vector<Tensor>& fused, const std::vector<Tensor>& own,
                    double gamma, MmParetoRescale rescale) {
  std::vector<Tensor> before, after;
  for (size_t t = 0; t < fused.size(); ++t) {
    if (!merged.tensors[t].defined()) continue;
    before.push_back(length(combine(fused[t], 1, own[t], 1)));
    after.push_back(length(merged.tensors[t]));
  }
  if (before.empty()) return;
  Tensor longer = at::stack(before), shorter = at::stack(after);
  const int64_t count = longer.size(0);
  if (rescale == MmParetoRescale::per_encoder) {
    longer = length(longer).expand({count});
    shorter = length(shorter).expand({count});
  }
  const Tensor factors = stretch(longer, shorter);
  merged.stretch = factors.mean();
  int64_t next = 0;
  for (Tensor& tensor : merged.tensors) {
    if (tensor.defined()) tensor.mul_(factors[next++] * gamma);
  }
}

}  // namespace

MergedGradient merge_gradients(const std::vector<Tensor>& fused, const std::vector<Tensor>& own, double gamma,
                               MmParetoRescale rescale) {
  const torch::NoGradGuard no_gradients;
  const Products p = products(fused, own);
  MergedGradient merged;
  merged.cosine = p.fo / std::max(std::sqrt(p.ff) * std::sqrt(p.oo), 1e-8);
  merged.conflict = p.fo <= 0 && std::isfinite(p.ff) && std::isfinite(p.oo);
  if (merged.conflict) merged.weight = shortest(p);
  for (size_t t = 0; t < fused.size(); ++t)
    merged.tensors.push_back(combine(fused[t], 2 * merged.weight, own[t], 2 * (1 - merged.weight)));
  if (merged.conflict) {
    restore_length(merged, fused, own, gamma, rescale);
  } else if (gamma != 1) {
    for (Tensor& tensor : merged.tensors) {
      if (tensor.defined()) tensor.mul_(gamma);
    }
  }
  return merged;
}

namespace {

using Gradients = std::unordered_map<const void*, Tensor>;  // of parameters; none where the loss does not reach

class MmPareto : public Method {
 public:
  explicit MmPareto(const MmParetoOptions& options) : options_(options) {}

  std::shared_ptr<torch::nn::Module> extend(Model& model) override;
  std::vector<ParameterGroup> parameter_groups(Model& model, const OptimizerOptions& optimizer) override;
  Loss step(StepContext& context) override;
  std::vector<std::string> notes() const override { return notes_; }

 private:
  Tensor own_losses(StepContext& context, const Outputs& outputs, Loss& result);
  Gradients own_gradients(const Model& model, const Tensor& loss) const;
  void merge_encoder(StepContext& context, int64_t m, const Gradients& own) const;
  void add_rest(const Model& model, const Gradients& own) const;

  MmParetoOptions options_;
  std::shared_ptr<UnimodalHeads> heads_;  // null: this run is `joint`
  std::vector<std::string> notes_;
};

Tensor of(const Gradients& gradients, const Tensor& parameter) {
  const auto found = gradients.find(parameter.unsafeGetTensorImpl());
  return found == gradients.end() ? Tensor() : found->second;
}

std::shared_ptr<torch::nn::Module> MmPareto::extend(Model& model) {
  notes_.clear();
  heads_.reset();
  if (model.modalities() == 1) {
    notes_.push_back(one_modality_note(model, "mmpareto"));
    return nullptr;
  }
  heads_ = std::make_shared<UnimodalHeads>(model);
  return heads_;
}

std::vector<ParameterGroup> MmPareto::parameter_groups(Model& model, const OptimizerOptions&) {
  std::vector<ParameterGroup> groups = default_groups(model);
  if (heads_) groups.push_back(heads_->group());
  return groups;
}

// Gradients of the modalities' own losses come first, over one graph: each reaches its own encoder only, so that their
// sum tells them apart. Everything is merged before clipping.
Loss MmPareto::step(StepContext& context) {
  if (!heads_) return Method::step(context);
  const Outputs outputs = context.forward();
  Loss result = Method::loss(context, outputs);
  const Tensor fused = result.total;
  result.total = fused.detach();
  const Gradients own = own_gradients(context.model(), own_losses(context, outputs, result));
  context.backward(fused);
  for (int64_t m = 0; m < context.model().modalities(); ++m) merge_encoder(context, m, own);
  add_rest(context.model(), own);
  context.update(outputs);
  return result;
}

// Sum of the modalities' losses, undefined where the batch has none of them. Adds them to `result`.
Tensor MmPareto::own_losses(StepContext& context, const Outputs& outputs, Loss& result) {
  Tensor sum;
  for (const Tensor& loss : log_own_losses(context, heads_->logits(outputs.features), result)) {
    if (!loss.defined()) continue;
    sum = sum.defined() ? sum + loss : loss;
    result.total = result.total + loss.detach();
  }
  return sum;
}

Gradients MmPareto::own_gradients(const Model& model, const Tensor& loss) const {
  Gradients gradients;
  if (!loss.defined()) return gradients;
  std::vector<Tensor> reached = heads_->parameters();
  for (const OwnedParameter& parameter : model.ownership()) {
    if (parameter.in_encoder && parameter.value.requires_grad()) reached.push_back(parameter.value);
  }
  const std::vector<Tensor> values =
      torch::autograd::grad({loss}, reached, {}, /*retain_graph=*/true, /*create_graph=*/false, /*allow_unused=*/true);
  for (size_t i = 0; i < reached.size(); ++i) {
    if (values[i].defined()) gradients.emplace(reached[i].unsafeGetTensorImpl(), values[i]);
  }
  return gradients;
}

void MmPareto::merge_encoder(StepContext& context, int64_t m, const Gradients& own) const {
  const std::vector<Tensor> parameters = context.model().modality_parameters(m);
  std::vector<Tensor> of_fused, of_own;
  for (const Tensor& parameter : parameters) {
    of_fused.push_back(parameter.grad());
    of_own.push_back(of(own, parameter));
  }
  const MergedGradient merged = merge_gradients(of_fused, of_own, options_.gamma, options_.rescale);
  for (size_t t = 0; t < parameters.size(); ++t) {
    if (merged.tensors[t].defined()) parameters[t].mutable_grad() = merged.tensors[t];
  }
  if (!context.logging()) return;
  const std::string& name = context.model().infos()[static_cast<size_t>(m)].name;
  StepLog& log = context.log();
  log["score/" + name] = merged.cosine;
  log["weight/" + name] = merged.weight;
  log["conflict/" + name] = merged.conflict ? 1 : 0;
  log["ratio/" + name] = merged.stretch.defined() ? merged.stretch.item<double>() : 1;
}

// Heads, and encoders of several modalities.
void MmPareto::add_rest(const Model& model, const Gradients& own) const {
  std::vector<Tensor> rest = heads_->parameters();
  for (const OwnedParameter& parameter : model.ownership()) {
    if (parameter.in_encoder && !parameter.owner) rest.push_back(parameter.value);
  }
  for (const Tensor& parameter : rest) {
    const Tensor gradient = of(own, parameter);
    if (!gradient.defined()) continue;
    parameter.mutable_grad() = parameter.grad().defined() ? parameter.grad() + gradient : gradient;
  }
}

}  // namespace

MethodInfo mmpareto_method() {
  return {
      .name = MmParetoOptions::kMethod,
      .summary = "A loss per modality; an encoder descends where neither its own nor the fused loss suffers.",
      .source = "MMPareto, ICML 2024",
      .make_options = make_options<MmParetoOptions>,
      .description =
          "A linear head with a loss of its own stands beside the fusion for each modality, and an encoder follows "
          "a merge of the two gradients that lowers both losses. Where they disagree it is the shortest vector "
          "between them, given back the length of their sum.",
      .formula =
          "g = d CE(f) / d theta_m,  h = d CE(u_m) / d theta_m\n"
          "(a, b) = (1/2, 1/2) where cos(g, h) > 0, else a + b = 1 with the shortest a g + b h\n"
          "v = 2 a g + 2 b h;  gradient of encoder m: gamma max(1, |g + h| / |v|) v\n"
          "the fusion learns from CE(f), head m from CE(u_m)",
      .cost =
          "A second backward pass through the encoders, F + 2 B, and a second copy of their gradients. Nothing per "
          "epoch.",
      .step_factor = 5. / 3,
      .release =
          "It makes a third backward pass only to know |g + h|, and divides by zero where |v| is 0; neither is done"
          " here. It stretches every tensor by itself where the paper stretches the encoder as a whole: `rescale`.",
  };
}

}  // namespace pdmp::methods

namespace pdmp {

void MmParetoOptions::describe(OptionList& list) {
  list.add("gamma", &gamma, "Factor on the merged gradient; 1, without conflicts, is the plain sum of the losses.")
      .above(0)
      .search(1, 2);
  list.add("rescale", &rescale,
           "What is stretched to the length of the plain sum: each parameter (the release) or the whole encoder (the "
           "paper).");
}

std::unique_ptr<Method> MmParetoOptions::make() const { return std::make_unique<methods::MmPareto>(*this); }

}  // namespace pdmp

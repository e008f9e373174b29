// MLA (CVPR 2024): modalities are never trained together. In every step each takes its turn: a forward pass of its
// encoder and one head that all share, backward and an update, s_m = W z_m + b. So that a turn does not undo the one
// before, the gradient of W is projected away from the mean features that were seen,
//   W.grad <- W.grad P^T,   P <- P - k k^T / (alpha + r^T k),   k = P r,   r = mean of z_m over the batch,
// and alpha falls from base to base^2 within an epoch. Predictions are summed sample by sample, sure modalities more.
#include "methods/mla.h"

#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <set>
#include <torch/nn/init.h>
#include <torch/nn/modules/linear.h>

#include "methods/methods.h"
#include "methods/parts/common_width.h"
#include "methods/parts/linear_head.h"
#include "methods/parts/unimodal_heads.h"
#include "pdmp/error.h"
#include "pdmp/methods/mla.h"

namespace pdmp::methods {
Tensor entropy_weights(const std::vector<Tensor>& logits, const Tensor& present) {
  std::vector<Tensor> certainties;
  for (const Tensor& own : logits) {
    const Tensor log_p = own.log_softmax(1);
    certainties.push_back((log_p.exp() * log_p).sum(1));
  }
  const Tensor certainty = torch::stack(certainties, 1).masked_fill(~present, -std::numeric_limits<double>::infinity());
  // Rows without modalities would be the softmax of nothing.
  return torch::where(present, certainty.softmax(1), torch::zeros_like(certainty));
}

Tensor share_weights(const std::vector<double>& shares, const Tensor& present, at::ScalarType type) {
  const Tensor all = torch::tensor(shares, torch::kFloat64).to(present.device(), type);
  const Tensor here = torch::where(present, all, torch::zeros_like(all));
  const Tensor sums = here.sum(1, /*keepdim=*/true);
  return here / torch::where(sums > 0, sums, torch::ones_like(sums));
}

Tensor weighted_sum(const std::vector<Tensor>& logits, const Tensor& weights) {
  Tensor sum;
  for (size_t m = 0; m < logits.size(); ++m) {
    const Tensor own = logits[m] * weights.select(1, static_cast<int64_t>(m)).unsqueeze(1);
    sum = m == 0 ? own : sum + own;
  }
  return sum;
}

Tensor project_out(const Tensor& projection, const Tensor& r, double alpha, MlaGm gm) {
  if (gm == MlaGm::off) return projection;
  const torch::NoGradGuard no_gradients;
  const Tensor k = projection.mv(r);
  const double rk = r.dot(k).item<double>();
  if (!std::isfinite(rk)) return projection;
  if (gm == MlaGm::literal) return projection - torch::outer(k, k) / (alpha + torch::outer(k, r));
  return rk < 0 ? projection : projection - torch::outer(k, k) / (alpha + rk);
}

namespace {

// The head, what brings features to its width, and P.
class SharedHead : public torch::nn::Module {
 public:
  explicit SharedHead(Model& model)
      : width_(register_module("adapters", std::make_shared<CommonWidth>(model))),
        head_(register_module("head", torch::nn::Linear(width_->width(), model.classes()))) {
    projection_ = register_buffer("projection", torch::eye(width_->width()));
    const Tensor& like = model.ownership().back().value;
    to(like.device(), like.scalar_type());
  }

  // (B, d_m) -> (B, d) of the head's type
  Tensor feature(int64_t m, const Tensor& pooled) { return width_->forward(m, pooled).to(weight().scalar_type()); }
  Tensor logits(const Tensor& feature) { return head_->forward(feature).to(weight().scalar_type()); }
  const Tensor& weight() const { return head_->weight; }
  const Tensor& projection() const { return projection_; }
  void set_projection(const Tensor& value) { projection_.copy_(value); }
  void reset_projection() { torch::nn::init::eye_(projection_); }

 private:
  std::shared_ptr<CommonWidth> width_;
  torch::nn::Linear head_;
  Tensor projection_;  // (d, d)
};

class Mla : public Method {
 public:
  explicit Mla(const MlaOptions& options) : options_(options) {}

  bool trains(const OwnedParameter& parameter) const override { return parameter.name.starts_with("encoders."); }
  // The projected gradient is the method's gradient: its length is what is to be bounded, not the part that is thrown
  // away. With --clip-position before the step stays bounded all the same, as P makes nothing longer (gm owm).
  bool clips_after_modulation() const override { return true; }
  std::shared_ptr<torch::nn::Module> extend(Model& model) override;
  void prepare(PrepareContext& context, const OptimizerOptions&) override;
  std::vector<ParameterGroup> parameter_groups(Model& model, const OptimizerOptions& optimizer) override;
  void on_epoch_begin(EpochContext& context) override;
  Outputs forward(Model& model, const Batch& batch, Mode mode) override;
  Loss step(StepContext& context) override;
  void modulate(StepContext& context, const Outputs& outputs) override;
  std::vector<std::string> notes() const override { return notes_; }
  void save(Archive& archive) const override;
  void load(const Archive& archive) override;

 private:
  void expect_weights(const Model& model) const;
  Tensor fusion_weights(const std::vector<Tensor>& logits, const Tensor& present) const;
  Tensor run(Model& model, const Batch& batch, int64_t m, Outputs& outputs);
  void log_turns(StepContext& context, const std::vector<Tensor>& logits, const Tensor& weights) const;
  void keep_others_moving(StepContext& context) const;
  bool skips_turn();
  void see_feature();

  MlaOptions options_;
  std::shared_ptr<SharedHead> head_;
  bool projects_ = false;
  std::vector<double> shares_;         // of the fusions fixed and mean, M
  int64_t turn_ = 0;                   // the modality that `forward` trains
  Tensor mean_feature_;                // (d), of the rows that have the modality at turn
  int64_t seen_ = 0, train_size_ = 1;  // samples of this epoch that were trained on
  int64_t turns_ = 0;                  // of the whole run
  std::set<int64_t> started_;          // modalities that have had a turn
  std::vector<std::string> notes_;
};

std::shared_ptr<torch::nn::Module> Mla::extend(Model& model) {
  const int64_t modalities = model.modalities();
  expect_replaceable_fusion(model, "mla");
  expect_weights(model);
  notes_.clear();
  if (modalities == 1) {
    notes_.push_back(
        fmt::format("one modality ('{}'): mla is plain training of its encoder and a head, nothing takes "
                    "turns and nothing is projected",
                    model.infos()[0].name));
  }
  projects_ = modalities > 1 && options_.gm != MlaGm::off;
  shares_.assign(static_cast<size_t>(modalities), 1);
  if (options_.fusion == MlaFusion::fixed) {
    if (modalities == 2) shares_ = {.55, .45};
    if (modalities == 3) shares_ = {.35, .25, .4};
    if (!options_.weights.empty()) shares_ = options_.weights;
  }
  head_ = std::make_shared<SharedHead>(model);
  return head_;
}

void Mla::expect_weights(const Model& model) const {
  if (options_.weights.empty()) return;
  if (options_.fusion != MlaFusion::fixed) {
    throw Error(ErrorKind::usage,
                fmt::format("`mla.weights`: expected `mla.fusion` fixed, whose weights they are, found "
                            "{}",
                            choice_name(options_.fusion)));
  }
  if (static_cast<int64_t>(options_.weights.size()) == model.modalities()) return;
  throw Error(ErrorKind::usage, fmt::format("`mla.weights`: expected one per modality, {} of them, found {}",
                                            model.modalities(), options_.weights.size()));
}

void Mla::prepare(PrepareContext& context, const OptimizerOptions&) { train_size_ = context.data().train->size(); }

std::vector<ParameterGroup> Mla::parameter_groups(Model& model, const OptimizerOptions&) {
  std::vector<ParameterGroup> groups = default_groups(model);
  groups.push_back({"head", std::nullopt, head_->parameters(), 1, 1});
  return groups;
}

void Mla::on_epoch_begin(EpochContext&) {
  seen_ = 0;
  const torch::NoGradGuard no_gradients;
  if (options_.p_reset == MlaPReset::epoch) head_->reset_projection();
}

// (B, M)
Tensor Mla::fusion_weights(const std::vector<Tensor>& logits, const Tensor& present) const {
  if (options_.fusion == MlaFusion::entropy) return entropy_weights(logits, present);
  return share_weights(shares_, present, logits[0].scalar_type());
}

// Adds modality m to the outputs; returns its feature in the width of the head.
Tensor Mla::run(Model& model, const Batch& batch, int64_t m, Outputs& outputs) {
  outputs.features.push_back(model.encode(m, batch.inputs.at(static_cast<size_t>(m)), batch.present.select(1, m)));
  const Tensor z = head_->feature(m, outputs.features.back().pooled);
  outputs.unimodal.push_back(where_present(head_->logits(z), batch.present, m));
  return z;
}

// In training the modality at turn only: nobody else's encoder is run, and BatchNorm sees each batch once.
Outputs Mla::forward(Model& model, const Batch& batch, Mode mode) {
  Outputs outputs;
  if (mode == Mode::train) {
    const Tensor z = run(model, batch, turn_, outputs).detach();
    const Tensor rows = batch.present.select(1, turn_).sum().clamp_min(1).to(z.scalar_type());
    mean_feature_ = where_present(z, batch.present, turn_).sum(0) / rows;
    outputs.fused = outputs.unimodal[0];
    return outputs;
  }
  for (int64_t m = 0; m < model.modalities(); ++m) run(model, batch, m, outputs);
  outputs.fused = weighted_sum(outputs.unimodal, fusion_weights(outputs.unimodal, batch.present));
  return outputs;
}

// Gradients of zero for what is not at turn and has had one before: the optimizer's momentum and weight decay move it.
void Mla::keep_others_moving(StepContext& context) const {
  for (const OwnedParameter& parameter : context.model().ownership()) {
    const bool started = parameter.in_encoder && (!parameter.owner || started_.contains(*parameter.owner));
    if (!started || parameter.value.grad().defined() || !parameter.value.requires_grad()) continue;
    Tensor value = parameter.value;
    value.mutable_grad() = torch::zeros_like(value);
  }
}

// A turn is left out where nobody in the batch has the modality. What is not at turn has no gradient and stays as it
// is, momentum and weight decay included, unless it is to coast.
Loss Mla::step(StepContext& context) {
  const Batch& batch = context.batch();
  std::vector<int64_t> turns;
  for (int64_t m = 0; m < context.model().modalities(); ++m) {
    if (batch.present.select(1, m).any().item<bool>()) turns.push_back(m);
  }
  const Tensor nothing = torch::zeros({batch.size(), context.model().classes()}, head_->weight().options());
  std::vector<Tensor> logits(static_cast<size_t>(context.model().modalities()), nothing);
  Loss result;
  result.total = torch::zeros({}, nothing.options());
  for (const int64_t m : turns) {
    turn_ = m;
    context.optimizer().zero_grad();
    const Tensor own = context.forward().fused;
    const Tensor loss = loss_where_present(context.criterion(), own, batch, m);
    context.backward(loss);
    if (options_.others == MlaOthers::coast) keep_others_moving(context);
    started_.insert(m);
    result.total = result.total + loss.detach() / static_cast<double>(turns.size());
    result.parts.emplace_back("unimodal_" + context.model().infos()[static_cast<size_t>(m)].name, loss.detach());
    logits[static_cast<size_t>(m)] = own.detach();
    if (m != turns.back()) context.update({});
  }
  const Tensor weights = fusion_weights(logits, batch.present);
  if (context.logging()) log_turns(context, logits, weights);
  Outputs whole;
  whole.fused = weighted_sum(logits, weights);
  context.update(whole);
  seen_ += batch.size();
  return result;
}

void Mla::log_turns(StepContext& context, const std::vector<Tensor>& logits, const Tensor& weights) const {
  for (size_t m = 0; m < logits.size(); ++m) {
    const auto index = static_cast<int64_t>(m);
    if (!context.batch().present.select(1, index).any().item<bool>()) continue;
    log_own_branch(context, index, logits[m]);
    context.log()["weight/" + context.model().infos()[m].name] = weights.select(1, index).mean().item<double>();
  }
}

void Mla::see_feature() {
  const double done = static_cast<double>(seen_) / static_cast<double>(train_size_);
  const double alpha = std::pow(options_.alpha_base, 1 + done);
  Tensor next = project_out(head_->projection(), mean_feature_, alpha, options_.gm);
  if (options_.p_normalize == MlaPNormalize::frobenius) next = next / next.norm();
  head_->set_projection(next);
}

// The release leaves the very first turn of a run alone: neither is its gradient projected nor its feature seen.
bool Mla::skips_turn() { return turns_++ == 0 && options_.gm == MlaGm::literal; }

// The bias is never projected.
void Mla::modulate(StepContext& context, const Outputs&) {
  const Tensor& weight = head_->weight();
  if (!projects_ || !weight.grad().defined() || skips_turn()) return;
  const torch::NoGradGuard no_gradients;
  const Tensor raw = weight.grad();
  if (options_.p_order == MlaPOrder::update_then_project) see_feature();
  weight.mutable_grad() = raw.matmul(head_->projection().t());
  if (context.logging()) {
    const std::string& name = context.model().infos()[static_cast<size_t>(turn_)].name;
    const double length = raw.norm().item<double>();
    context.log()["ratio/" + name] = length > 0 ? weight.grad().norm().item<double>() / length : 1;
    context.log()["projection"] = head_->projection().norm().item<double>();
  }
  if (options_.p_order == MlaPOrder::project_then_update) see_feature();
}

void Mla::save(Archive& archive) const {
  archive.values["seen"] = seen_;
  archive.values["turns"] = turns_;
  archive.values["started"] = std::vector<int64_t>(started_.begin(), started_.end());
}

void Mla::load(const Archive& archive) {
  seen_ = archive.value("seen", int64_t{0});
  turns_ = archive.value("turns", int64_t{0});
  const auto started = archive.value("started", std::vector<int64_t>());
  started_ = std::set<int64_t>(started.begin(), started.end());
}

}  // namespace

MethodInfo mla_method() {
  return {
      .name = MlaOptions::kMethod,
      .summary = "Modalities take turns with one shared head, each an update of its own; predictions by certainty.",
      .source = "Multimodal Representation Learning by Alternating Unimodal Adaptation, CVPR 2024",
      .make_options = make_options<MlaOptions>,
      .description =
          "Never trains modalities together: in every step each has a forward pass, a loss and an update of its "
          "encoder "
          "and of one head that all share, whose gradient is projected away from the features seen in earlier turns. "
          "A step is one batch, of which every modality sees its part once, so that an epoch shows each sample as "
          "often "
          "as joint training does; the head has M updates in it, an encoder one.",
      .formula =
          "s_m = W z_m + b, W and b of all modalities; turn m: L_m = CE(s_m), update of encoder m, W and b\n"
          "W.grad <- W.grad P^T, then P <- P - k k^T / (alpha + r^T k), k = P r, r = mean_b z_m, P = I at the start\n"
          "alpha = a^(1 + share of the epoch done)\n"
          "f = sum_m w_m s_m, w = softmax over m of -entropy(softmax(s_m)), sample by sample",
      .cost =
          "The encoders run once, as in joint training; M passes of a linear head and M optimizer updates per step, "
          "and "
          "d x d products for the projection. Nothing per epoch.",
      .step_factor = 1,
      .release =
          "Its projection never runs: it looks for a parameter name that the head does not have (`gm off`). What is "
          "written there divides by a matrix element by element where a scalar belongs, projects after the turn's own "
          "feature is seen, normalizes, and leaves the first turn of a run alone (`gm literal` with `p-order "
          "update_then_project` and `p-normalize frobenius`). Under its PyTorch 1.8 what is not at turn has gradients "
          "of zero and is moved by momentum and weight decay, twice a batch with two modalities (`others coast`); "
          "here, as with later versions, it stands still. At test time its entropies come from a softmax over the "
          "batch, one weight for all samples. Here the projection runs, with the scalar, and every sample has weights "
          "of its own.",
  };
}

}  // namespace pdmp::methods

namespace pdmp {

void MlaOptions::describe(OptionList& list) {
  list.add(
      "gm", &gm,
      "What protects the shared head from the next modality: a projection of its gradient (owm), nothing, which is "
      "what the release does (off), or the update as the release has written it, from the second turn on "
      "(literal; diverges unless normalized).");
  list.add("p-order", &p_order,
           "Project a gradient before its own mean feature is projected out (against earlier turns only) or after.");
  list.add("p-normalize", &p_normalize,
           "Divide the projection by its Frobenius norm after each update, as the release.");
  list.add("p-reset", &p_reset,
           "Start the projection afresh every epoch, so that the head can move again in directions seen before.");
  list.add("others", &others,
           "What encoders do in the turns of others: stay as they are (stand), or go on by momentum and weight decay, "
           "as in the release, whose PyTorch leaves gradients of zero where later ones leave none (coast).");
  list.add("alpha-base", &alpha_base, "Base a of alpha = a^(1 + share of the epoch done): smaller projects out more.")
      .above(0)
      .search(1e-3, 1);
  list.add("fusion", &fusion,
           "Weights of the modalities' logits in a prediction: by entropy, sample by sample; fixed; or all the same.");
  list.add("weights", &weights,
           "Weights of fusion fixed, one per modality; none: .55, .45 for two, .35, .25, .4 for three (the release), "
           "else equal.")
      .above(0);
}

std::unique_ptr<Method> MlaOptions::make() const { return std::make_unique<methods::Mla>(*this); }

}  // namespace pdmp

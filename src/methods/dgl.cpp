// DGL (ICCV 2025): no gradient crosses between fusion and encoders. The fused loss, on detached features, trains the
// fusion only; each encoder learns from its modality's own logits through the same fusion, whose parameters are then
// constants: L = CE(f) + alpha sum_m CE(s_m).
//
// s_m is what the fusion says when the other modalities are missing, its whole bias included, where the head is linear.
// Other fusions give their own unimodal logits: one in which modalities gate each other would tell an encoder nothing.
#include "pdmp/methods/dgl.h"

#include <vector>

#include "methods/methods.h"
#include "methods/parts/linear_head.h"
#include "methods/parts/one_modality.h"
#include "methods/parts/own_logits.h"
#include "methods/parts/unimodal_heads.h"

namespace pdmp::methods {
namespace {

// Graphs made during its life do not reach the parameters.
class Constants {
 public:
  explicit Constants(std::vector<Tensor> parameters) {
    for (Tensor& parameter : parameters) {
      if (!parameter.requires_grad()) continue;
      parameter.requires_grad_(false);
      parameters_.push_back(parameter);
    }
  }
  ~Constants() {
    for (const Tensor& parameter : parameters_) parameter.requires_grad_(true);
  }
  Constants(const Constants&) = delete;
  Constants& operator=(const Constants&) = delete;

 private:
  std::vector<Tensor> parameters_;
};

std::vector<Tensor> encoder_parameters(const Model& model, bool in_encoder) {
  std::vector<Tensor> parameters;
  for (const OwnedParameter& parameter : model.ownership()) {
    if (parameter.in_encoder == in_encoder) parameters.push_back(parameter.value);
  }
  return parameters;
}

class Dgl : public Method {
 public:
  explicit Dgl(const DglOptions& options) : alpha_(options.alpha) {}

  void prepare(PrepareContext& context, const OptimizerOptions&) override;
  Outputs forward(Model& model, const Batch& batch, Mode mode) override;
  Loss loss(StepContext& context, const Outputs& outputs) override;
  std::vector<std::string> notes() const override { return notes_; }

 private:
  double alpha_;
  std::vector<std::string> notes_;
};

void Dgl::prepare(PrepareContext& context, const OptimizerOptions&) {
  notes_.clear();
  const Model& model = context.model();
  if (model.modalities() == 1) {
    notes_.push_back(one_modality_note(model, "dgl"));
  }
}

// The fusion without its encoder parts (a fusion may hold blocks of an encoder), from features as they are.
Tensor fuse_detached(Model& model, const std::vector<Feature>& features, const Tensor& present) {
  std::vector<Feature> detached;
  for (const Feature& feature : features)
    detached.push_back({feature.map.defined() ? feature.map.detach() : Tensor(), feature.pooled.detach()});
  const Constants encoders(encoder_parameters(model, true));
  return model.fuse(detached, present);
}

Outputs Dgl::forward(Model& model, const Batch& batch, Mode mode) {
  if (mode == Mode::evaluate || model.modalities() == 1) return Method::forward(model, batch, mode);
  Outputs outputs;
  outputs.features = encode_all(model, batch);
  outputs.fused = fuse_detached(model, outputs.features, batch.present);
  const Constants fusion(encoder_parameters(model, false));
  outputs.unimodal = own_logits(model, outputs.features, batch.present);
  return outputs;
}

Loss Dgl::loss(StepContext& context, const Outputs& outputs) {
  Loss result = Method::loss(context, outputs);
  if (outputs.unimodal.empty()) return result;
  std::vector<Tensor> logits;
  for (const Tensor& own : outputs.unimodal) logits.push_back(own.to(outputs.fused.scalar_type()));  // low precision
  for (const Tensor& own : log_own_losses(context, logits, result)) {
    if (own.defined()) result.total = result.total + alpha_ * own;
  }
  return result;
}

}  // namespace

MethodInfo dgl_method() {
  return {
      .name = DglOptions::kMethod,
      .summary = "Encoders learn from losses of their own only, the fusion from the fused loss only.",
      .source = "Disentangled gradient learning, ICCV 2025",
      .make_options = make_options<DglOptions>,
      .description =
          "No gradient crosses between fusion and encoders. The fused loss, on detached features, trains the "
          "fusion; each encoder learns from what that fusion, taken as constant, says of its modality alone.",
      .formula =
          "L = CE(fusion(sg(z_1), ..., sg(z_M))) + alpha sum_m CE(s_m),  sg: as a constant\n"
          "s_m = fusion of z_m alone, whole bias included, the fusion's parameters as constants",
      .cost =
          "M + 1 passes of the fusion instead of one, with gradient; encoders run once. Heavy only where the fusion"
          " is. Nothing per epoch.",
      .step_factor = 1,
      .release =
          "In its gated fusion two layers get no gradient from any loss, because features are detached behind them;"
          " its MMTM network does not detach at all. Here features are detached in front of the fusion. It also "
          "clips gradients to 40 (`--clip-norm 40`).",
  };
}

}  // namespace pdmp::methods

namespace pdmp {

void DglOptions::describe(OptionList& list) {
  list.add("alpha", &alpha, "Weight of each modality's own loss, all that its encoder learns from.")
      .at_least(0)
      .search(1, 5);
}

std::unique_ptr<Method> DglOptions::make() const { return std::make_unique<methods::Dgl>(*this); }

}  // namespace pdmp

// Modality dropout as a method: while training, samples go without modalities they have, so that no modality can be
// relied upon. `present` is reduced before the pass; everything else is joint training.
#include "pdmp/methods/modality_dropout.h"

#include "data/loader/modality_dropout.h"
#include "methods/methods.h"
#include "methods/parts/one_modality.h"

namespace pdmp::methods {
namespace {

class ModalityDropout : public Method {
 public:
  explicit ModalityDropout(const ModalityDropoutOptions& options) : options_(options) {}

  void prepare(PrepareContext& context, const OptimizerOptions& optimizer) override;
  Outputs forward(Model& model, const Batch& batch, Mode mode) override;
  Loss step(StepContext& context) override;
  bool hides_modalities() const override { return options_.p > 0; }
  std::vector<std::string> notes() const override { return notes_; }

 private:
  Tensor reduced(const Tensor& present, RandomStream& random) const;

  ModalityDropoutOptions options_;
  Tensor present_;  // of the step at work, reduced; undefined: as the batch has it
  std::vector<std::string> notes_;
};

void ModalityDropout::prepare(PrepareContext& context, const OptimizerOptions&) {
  notes_.clear();
  if (context.model().modalities() == 1) {
    notes_.push_back(one_modality_note(context.model(), "modality_dropout"));
  } else if (options_.p == 0) {
    notes_.emplace_back("p is 0: modality_dropout is joint training");
  }
}

// present (B, M) -> (B, M). A sample that has none of what a batch keeps stays as it is.
Tensor ModalityDropout::reduced(const Tensor& present, RandomStream& random) const {
  const Tensor here = present.cpu();
  if (options_.per == ModalityDropoutPer::sample)
    return data::drop_modalities(here, options_.p, random).to(present.device());
  const Tensor kept = data::drop_modalities(at::ones({1, here.size(1)}, at::kBool), options_.p, random);
  const Tensor left = here.logical_and(kept);
  return at::where(left.any(1, /*keepdim=*/true), left, here).to(present.device());
}

Outputs ModalityDropout::forward(Model& model, const Batch& batch, Mode mode) {
  if (mode == Mode::evaluate || !present_.defined()) return Method::forward(model, batch, mode);
  Batch less = batch;
  less.present = present_;
  return Method::forward(model, less, mode);
}

Loss ModalityDropout::step(StepContext& context) {
  const Tensor& present = context.batch().present;
  if (options_.p > 0 && present.size(1) > 1) present_ = reduced(present, context.random());
  if (context.logging() && present_.defined()) {
    for (int64_t m = 0; m < present.size(1); ++m) {
      const Tensor had = present.select(1, m);
      if (!had.any().item<bool>()) continue;
      const Tensor gone = had.logical_and(present_.select(1, m).logical_not());
      context.log()["dropped/" + context.model().infos()[static_cast<size_t>(m)].name] =
          gone.sum().item<double>() / had.sum().item<double>();
    }
  }
  Loss result = Method::step(context);
  present_ = Tensor();
  return result;
}

}  // namespace

MethodInfo modality_dropout_method() {
  return {
      .name = ModalityDropoutOptions::kMethod,
      .summary = "Training samples go without modalities at random, so that none can be relied upon.",
      .source = "ModDrop, TPAMI 2016",
      .make_options = make_options<ModalityDropoutOptions>,
      .description =
          "With probability p a training sample goes without a modality it has; one is always left. A modality taken "
          "away is treated like one the data lacks: its encoder does not see the sample and its feature is zero. "
          "--modality-dropout does the same under any method.",
      .formula = "z_m <- 0 with probability p, each m by itself, one m always kept;  L = CE(f)",
      .cost = "Nothing; encoders see fewer samples.",
      .step_factor = 1,
      .release = "",
  };
}

}  // namespace pdmp::methods

namespace pdmp {

void ModalityDropoutOptions::describe(OptionList& list) {
  list.add("p", &p, "Probability that a modality is taken away; 0 is joint training.")
      .at_least(0)
      .below(1)
      .search(0.05, 0.5);
  list.add("per", &per, "Whether each sample draws for itself, or all samples of a batch go without the same.");
}

std::unique_ptr<Method> ModalityDropoutOptions::make() const {
  return std::make_unique<methods::ModalityDropout>(*this);
}

}  // namespace pdmp

// UMT, the unimodal teacher (ICML 2023). The encoder of each modality, trained alone to the end and then frozen, is the
// teacher of the same modality's encoder in the joint model:
//   L = CE(f) + weight sum_m mean((z_m - t_m)^2), t_m the teacher's pooled feature,
// mean over features and the rows that have the modality. Teachers are in evaluation mode: what a teacher says of a
// sample does not depend on its batch, and its running statistics stay.
#include "methods/umt.h"

#include <fmt/format.h>
#include <map>
#include <torch/nn/modules/linear.h>

#include "methods/methods.h"
#include "methods/parts/one_modality.h"
#include "pdmp/error.h"
#include "pdmp/methods/umt.h"

namespace pdmp::methods {
namespace {

class Umt : public Method {
 public:
  explicit Umt(const UmtOptions& options) : options_(options) {}

  bool needs_unimodal_models() const override { return options_.weight > 0 || options_.init == UmtInit::teacher; }
  void prepare(PrepareContext& context, const OptimizerOptions&) override;
  std::vector<ParameterGroup> parameter_groups(Model& model, const OptimizerOptions& optimizer) override;
  Outputs forward(Model& model, const Batch& batch, Mode mode) override;
  Loss loss(StepContext& context, const Outputs& outputs) override;
  std::vector<std::string> notes() const override { return notes_; }
  void save(Archive& archive) const override;
  void load(const Archive& archive) override;

 private:
  bool distils() const { return !teachers_.empty(); }
  void add_adapter(Model& model, int64_t m);

  UmtOptions options_;
  std::vector<std::shared_ptr<Model>> teachers_;   // one per modality; empty: nothing is distilled
  std::map<int64_t, torch::nn::Linear> adapters_;  // from the width of encoder m to its teacher's, where they differ
  std::vector<Tensor> targets_;                    // t_m of the batch at work
  std::vector<std::string> notes_;
};

// Parameters and running statistics of the teacher's encoder into encoder m.
void copy_encoder(Model& teacher, Model& model, int64_t m) {
  const std::string& name = model.infos()[static_cast<size_t>(m)].name;
  for (int64_t other = 0; other < m; ++other) {
    if (&model.encoder(other) != &model.encoder(m)) continue;
    throw Error(ErrorKind::usage,
                fmt::format("`umt.init` teacher: expected an encoder per modality, found one that '{}' and '{}' share",
                            model.infos()[static_cast<size_t>(other)].name, name));
  }
  const torch::NoGradGuard no_gradients;
  const auto copy = [&](const torch::OrderedDict<std::string, Tensor>& from,
                        const torch::OrderedDict<std::string, Tensor>& to) {
    for (const auto& item : to) {
      const Tensor* value = from.find(item.key());
      if (value == nullptr || value->sizes() != item.value().sizes()) {
        throw Error(ErrorKind::usage,
                    fmt::format("`umt.init` teacher: expected the same encoder in the model and its teacher, found "
                                "that of '{}' to differ in {}",
                                name, item.key()));
      }
      Tensor(item.value()).copy_(*value);
    }
  };
  copy(teacher.encoder(0).named_parameters(), model.encoder(m).named_parameters());
  copy(teacher.encoder(0).named_buffers(), model.encoder(m).named_buffers());
}

void Umt::prepare(PrepareContext& context, const OptimizerOptions&) {
  notes_.clear();
  teachers_.clear();
  adapters_.clear();
  Model& model = context.model();
  const bool from_teacher = options_.init == UmtInit::teacher;
  if (model.modalities() == 1) {
    notes_.push_back(one_modality_note(model, "umt"));
    return;
  }
  if (options_.weight == 0) {
    notes_.emplace_back(from_teacher ? "weight is 0: umt is joint training from the encoders of unimodal models"
                                     : "weight is 0: umt is joint training");
    if (!from_teacher) return;
  }
  for (int64_t m = 0; m < model.modalities(); ++m) {
    const std::shared_ptr<Model> teacher = context.unimodal_model(m);
    if (from_teacher) copy_encoder(*teacher, model, m);
    if (options_.weight > 0) teachers_.push_back(teacher);
  }
  for (int64_t m = 0; m < static_cast<int64_t>(teachers_.size()); ++m) add_adapter(model, m);
}

void Umt::add_adapter(Model& model, int64_t m) {
  const int64_t from = model.encoder(m).width(), to = teachers_[static_cast<size_t>(m)]->encoder(0).width();
  if (from == to) return;
  torch::nn::Linear adapter(from, to);
  const Tensor& like = model.ownership().front().value;
  adapter->to(like.device(), like.scalar_type());
  adapters_.emplace(m, adapter);
}

std::vector<ParameterGroup> Umt::parameter_groups(Model& model, const OptimizerOptions&) {
  std::vector<ParameterGroup> groups = default_groups(model);
  ParameterGroup own{.name = "adapters", .modality = std::nullopt, .parameters = {}};
  for (const auto& [m, adapter] : adapters_) {
    for (const Tensor& parameter : adapter->parameters()) own.parameters.push_back(parameter);
  }
  if (!own.parameters.empty()) groups.push_back(std::move(own));
  return groups;
}

Outputs Umt::forward(Model& model, const Batch& batch, Mode mode) {
  if (mode == Mode::train && distils()) {
    const torch::NoGradGuard no_gradients;
    targets_.clear();
    for (size_t m = 0; m < teachers_.size(); ++m) {
      const Tensor present = batch.present.select(1, static_cast<int64_t>(m));
      targets_.push_back(teachers_[m]->encode(0, batch.inputs[m], present).pooled);
    }
  }
  return Method::forward(model, batch, mode);
}

Loss Umt::loss(StepContext& context, const Outputs& outputs) {
  Loss result = Method::loss(context, outputs);
  if (!distils()) return result;
  result.parts.emplace_back("fused", result.total.detach());
  const at::ScalarType type = outputs.fused.scalar_type();  // features may be of a lower precision
  for (size_t m = 0; m < targets_.size(); ++m) {
    Tensor feature = outputs.features[m].pooled.to(type);
    const auto adapter = adapters_.find(static_cast<int64_t>(m));
    if (adapter != adapters_.end()) feature = adapter->second->forward(feature);
    const Tensor present = context.batch().present.select(1, static_cast<int64_t>(m));
    const Tensor distance = distillation_loss(feature, targets_[m].to(type), present);
    if (!distance.defined()) continue;
    result.parts.emplace_back("distillation_" + context.model().infos()[m].name, distance.detach());
    result.total = result.total + options_.weight * distance;
  }
  targets_.clear();
  return result;
}

// Teachers are not part of a checkpoint: they are made once and kept with the run.
void Umt::save(Archive& archive) const {
  for (const auto& [m, adapter] : adapters_) {
    for (const auto& item : adapter->named_parameters())
      archive.tensors.emplace_back(fmt::format("adapter/{}/{}", m, item.key()), item.value().detach().clone());
  }
}

void Umt::load(const Archive& archive) {
  const torch::NoGradGuard no_gradients;
  for (const auto& [m, adapter] : adapters_) {
    for (auto& item : adapter->named_parameters()) {
      const Tensor* saved = archive.find(fmt::format("adapter/{}/{}", m, item.key()));
      if (saved == nullptr || saved->sizes() != item.value().sizes()) {
        throw Error(ErrorKind::data,
                    "the checkpoint has no layers between these features and their teachers'; resume "
                    "with the same model");
      }
      item.value().copy_(*saved);
    }
  }
}

}  // namespace

MethodInfo umt_method() {
  return {
      .name = UmtOptions::kMethod,
      .summary = "Keeps each encoder's features near those of the same encoder trained alone.",
      .source = "UMT, On Uni-Modal Feature Learning in Supervised Multi-Modal Learning (ICML 2023)",
      .make_options = make_options<UmtOptions>,
      .description =
          "Each modality is first trained alone, to the end and on all training data; that encoder, frozen, "
          "is a teacher. The joint model is trained with the usual loss and the squared distance of its "
          "encoders' features to the teachers'.",
      .formula = "L = CE(f, y) + weight sum_m mean((z_m - t_m)^2), t_m: feature of the teacher of modality m",
      .cost = "Per step one forward pass of the M teachers; once, M unimodal trainings.",
      .step_factor = 4.0 / 3,
      .release =
          "In the public benchmark's version teachers stay in training mode, so that their BatchNorm uses the "
          "statistics of the batch and drifts; here they are in evaluation mode and never change.",
  };
}

}  // namespace pdmp::methods

namespace pdmp {

void UmtOptions::describe(OptionList& list) {
  list.add("weight", &weight, "Weight of the distance to the teachers' features; 0, from scratch, is joint training.")
      .at_least(0)
      .search(1, 50);
  list.add("init", &init, "Encoders start as in joint training (scratch) or as their teachers ended (teacher).");
}

std::unique_ptr<Method> UmtOptions::make() const { return std::make_unique<methods::Umt>(*this); }

}  // namespace pdmp

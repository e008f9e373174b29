#include "pdmp/model.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <set>

#include "base/phases.h"
#include "base/spec.h"
#include "data/loader/modality_names.h"
#include "models/encoder_choice.h"
#include "models/encoders/table.h"
#include "models/layers/convolution.h"
#include "models/layers/evaluation_mode.h"
#include "models/layers/present_rows.h"
#include "models/micro_batches.h"
#include "models/unimodal.h"
#include "models/weights/init.h"
#include "models/weights/pretrained.h"
#include "pdmp/error.h"
#include "pdmp/random.h"

namespace pdmp {
namespace {

void check_modalities(const std::vector<ModalityInfo>& modalities, int64_t classes) {
  if (modalities.empty()) throw Error(ErrorKind::usage, "model: expected at least one modality, found none");
  if (classes < 2) throw Error(ErrorKind::usage, fmt::format("model: expected at least 2 classes, found {}", classes));
  std::set<std::string> names;
  for (const ModalityInfo& info : modalities) {
    // The name becomes part of the parameters' names, where dots separate.
    if (info.name.empty() || info.name.find('.') != std::string::npos) {
      throw Error(ErrorKind::usage,
                  fmt::format("model: expected a modality name without dots, found '{}'; rename it", info.name));
    }
    if (!names.insert(info.name).second) {
      throw Error(ErrorKind::usage,
                  fmt::format("model: expected modality names to differ, found '{}' twice", info.name));
    }
  }
}

// Pictures and their filters with channels innermost: what LibTorch's CPU convolutions are fastest with.
void make_channels_last(torch::nn::Module& module) {
  for (Tensor& parameter : module.parameters()) {
    if (parameter.dim() != 4) continue;
    // `contiguous` would leave a filter of one channel as it is, and its strides then ask for the other layout.
    const Tensor values = parameter.detach();
    parameter.set_data(torch::empty_like(values, values.options(), torch::MemoryFormat::ChannelsLast).copy_(values));
  }
}

// LibTorch 2.13 writes out of bounds on AVX-512 CPUs with two threads or more: in oneDNN's gradient of the filters of a
// 1x1 convolution in this layout, where its input has fewer channels than a vector (resnet18:width=8). The usual layout
// is sound.
bool bears_channels_last(const torch::nn::Module& module) {
  constexpr int64_t kVector = 16;
  for (const Tensor& parameter : module.parameters()) {
    const bool pointwise = parameter.dim() == 4 && parameter.size(2) == 1 && parameter.size(3) == 1;
    if (pointwise && parameter.size(1) < kVector) return false;
  }
  return true;
}

void check_input(const ModalityInfo& info, const Tensor& x, const Tensor& present) {
  const bool fits = x.dim() > 0 && x.sizes().slice(1) == at::IntArrayRef(info.shape);
  if (fits && present.dim() == 1 && present.size(0) == x.size(0)) return;
  throw Error(ErrorKind::data,
              fmt::format("model: expected modality '{}' as (B, {}) and present as (B), found ({}) and ({})", info.name,
                          fmt::join(info.shape, ", "), fmt::join(x.sizes(), ", "), fmt::join(present.sizes(), ", ")));
}

std::shared_ptr<Encoder> make_started_encoder(const std::string& spec, const ModalityInfo& modality,
                                              const ModelOptions& options, uint64_t seed) {
  const models::SeededGenerator generator(stream_seed(seed, "init/" + modality.name));
  std::shared_ptr<Encoder> encoder = make_encoder(spec, modality);
  models::initialize(*encoder, options.init);
  if (options.pretrained) {
    models::load_pretrained(*encoder, models::read_encoder_spec(spec, modality).pretrained, modality.name);
  }
  return encoder;
}

void expect_possible(const ModelOptions& options) {
  if (options.convolution != "winograd" || options.channels_last) return;
  throw Error(ErrorKind::usage,
              "convolution winograd needs pictures with channels innermost, found channels-last false; leave "
              "channels-last as it is, or let convolution be auto or direct");
}

bool is_frozen(const std::string& bn_unimodal) {
  if (bn_unimodal == "frozen" || bn_unimodal == "train") return bn_unimodal == "frozen";
  throw Error(ErrorKind::usage, fmt::format("bn-unimodal: expected frozen or train, found '{}'", bn_unimodal));
}

}  // namespace

void ModelOptions::describe(OptionList& list) {
  list.add("fusion", &fusion, "Fusion and its options: NAME[:option=value]... (pdmp list fusions).");
  list.add(
          "encoders", &encoders,
          "Encoders: modality=NAME[:option=value]...,... (pdmp list encoders), or modality=@OTHER for the very encoder "
          "of another modality; by type where left out. --encoders.MODALITY.OPTION VALUE sets one more option.")
      .specs();
  list.add("init", &init, "Initial weights: Kaiming/Xavier everywhere, or as the layers make them.")
      .one_of(models::init_names())
      .advanced();
  list.add("channels-last", &channels_last, "Keep pictures with channels innermost: faster, same numbers to rounding.")
      .advanced();
  list.add("convolution", &convolution,
           "3x3 convolutions of residual blocks, on CPUs and with channels innermost: by Winograd's filtering where it "
           "is faster (auto) or wherever it can be used (winograd), or LibTorch's own (direct).")
      .one_of(models::convolution_form_names())
      .advanced();
  list.add(
          "unimodal", &unimodal,
          "A modality's own logits: the fusion's definition, the fused logits with the others' features zero (masked), "
          "Shapley values of these (2^M passes), or a linear probe on the feature.")
      .one_of(models::unimodal_names())
      .advanced();
  list.add("bn-unimodal", &bn_unimodal,
           "BatchNorm and dropout of the fusion in extra passes for these logits in training: frozen (the passes leave "
           "no trace) or train, as released code has it.")
      .one_of({"frozen", "train"})
      .advanced();
}

void ModelOptions::check(const std::vector<ModalityInfo>& modalities) const {
  const std::vector<std::string> names = data::modality_names(modalities);
  const auto expect_known = [&](const std::string& name) {
    if (std::find(names.begin(), names.end(), name) != names.end()) return;
    throw Error(ErrorKind::usage, fmt::format("encoders: unknown modality '{}'{}", name, suggestion(name, names)));
  };
  for (const auto& [name, spec] : encoders) {
    expect_known(name);
    if (const auto other = models::shared_name(spec)) expect_known(*other);
  }
}

Model::Model(const std::vector<ModalityInfo>& modalities, int64_t classes, const ModelOptions& options, uint64_t seed)
    : infos_(modalities), classes_(classes) {
  check_modalities(modalities, classes);
  expect_possible(options);
  const std::vector<models::EncoderChoice> choices = models::choose_encoders(modalities, options);
  const auto all = register_module("encoders", std::make_shared<torch::nn::Module>());
  encoders_.resize(infos_.size());
  for (size_t m = 0; m < infos_.size(); ++m) {
    if (choices[m].shared_with) continue;
    encoders_[m] = make_started_encoder(choices[m].spec, infos_[m], options, seed);
    all->register_module(infos_[m].name, encoders_[m]);
    if (options.channels_last && bears_channels_last(*encoders_[m])) make_channels_last(*encoders_[m]);
  }
  std::vector<int64_t> widths;
  for (size_t m = 0; m < infos_.size(); ++m) {
    if (choices[m].shared_with) encoders_[m] = encoders_[*choices[m].shared_with];
    widths.push_back(encoders_[m]->width());
  }
  add_head(options, widths, seed);
  models::set_convolution_form(*this, models::parse_convolution_form(options.convolution));
  record_ownership();
}

void Model::add_head(const ModelOptions& options, const std::vector<int64_t>& widths, uint64_t seed) {
  {
    const models::SeededGenerator generator(stream_seed(seed, "init/fusion"));
    fusion_ = register_module("fusion",
                              configure(fusion_table(), "fusion", options.fusion, "fusion")->make(widths, classes_));
    models::initialize(*fusion_, options.init);
  }
  if (options.channels_last && bears_channels_last(*fusion_)) make_channels_last(*fusion_);
  unimodal_ = &models::find_unimodal_form(options.unimodal, modalities());
  frozen_ = is_frozen(options.bn_unimodal);
  if (unimodal_->logits != nullptr) return;
  const models::SeededGenerator generator(stream_seed(seed, "init/probes"));
  probes_ = register_module("probes", std::make_shared<models::Probes>(infos_, widths, classes_));
  models::initialize(*probes_, options.init);
}

Feature Model::encode(int64_t m, const Tensor& x, const Tensor& present) {
  const ModalityInfo& info = infos_.at(static_cast<size_t>(m));
  const Phase phase("forward", info.name);
  check_input(info, x, present);
  return models::encode_in_micro_batches(encoder(m), x, present, micro_batch_);
}

Tensor Model::fuse(const std::vector<Feature>& features, const Tensor& present) {
  const Phase phase("fusion");
  return fusion_->forward(features, present);
}

std::vector<Tensor> Model::unimodal_logits(const std::vector<Feature>& features, const Tensor& present) {
  if (probes_) return probes_->logits(features);
  if (!frozen_ || !fusion_->is_training()) return unimodal_->logits(*fusion_, features, present);
  const models::EvaluationMode evaluation(*fusion_);
  return unimodal_->logits(*fusion_, features, present);
}

Tensor Model::probe_loss(const std::vector<Feature>& features, const Tensor& present, const Tensor& labels) {
  return probes_ && !features.empty() ? probes_->loss(features, present, labels) : Tensor();
}

Outputs Model::forward(const Batch& batch, bool with_unimodal) {
  if (static_cast<int64_t>(batch.inputs.size()) != modalities()) {
    throw Error(ErrorKind::data,
                fmt::format("model: expected a batch of {} modalities, found {}", modalities(), batch.inputs.size()));
  }
  Outputs outputs;
  for (int64_t m = 0; m < modalities(); ++m) {
    outputs.features.push_back(encode(m, batch.inputs[static_cast<size_t>(m)], batch.present.select(1, m)));
  }
  outputs.fused = fuse(outputs.features, batch.present);
  if (with_unimodal) outputs.unimodal = unimodal_logits(outputs.features, batch.present);
  return outputs;
}

}  // namespace pdmp

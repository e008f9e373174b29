#include "pdmp/model.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <set>

#include "models/init.h"
#include "models/spec.h"
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

// Puts a module into evaluation mode and, at the end, each part of it back into the mode it was in.
class EvaluationMode {
 public:
  explicit EvaluationMode(torch::nn::Module& module) {
    for (const auto& part : module.modules()) parts_.emplace_back(part, part->is_training());
    module.eval();
  }
  ~EvaluationMode() {
    for (const auto& [part, training] : parts_) part->train(training);  // parents first: children have the last word
  }
  EvaluationMode(const EvaluationMode&) = delete;
  EvaluationMode& operator=(const EvaluationMode&) = delete;

 private:
  std::vector<std::pair<std::shared_ptr<torch::nn::Module>, bool>> parts_;
};

// A single row has no batch statistics (over a 1x1 map LibTorch refuses to take them): BatchNorm uses its running ones.
Feature encode_rows(Encoder& encoder, const Tensor& x) {
  if (x.size(0) > 1 || !encoder.is_training()) return encoder.forward(x);
  const EvaluationMode evaluation(encoder);
  return encoder.forward(x);
}

Tensor zeros_like_row(const Tensor& row, int64_t rows) {
  std::vector<int64_t> sizes = row.sizes().vec();
  sizes[0] = rows;
  return torch::zeros(sizes, row.options().requires_grad(false).memory_format(row.suggest_memory_format()));
}

// Features of a batch in which nobody has the modality. Their shape is asked from one row of zeros, with nothing
// learnt.
Feature absent_feature(Encoder& encoder, const Tensor& x) {
  const torch::NoGradGuard no_grad;
  const EvaluationMode evaluation(encoder);
  const Feature one = encoder.forward(torch::zeros_like(x.slice(0, 0, 1)));
  return {one.map.defined() ? zeros_like_row(one.map, x.size(0)) : Tensor(), zeros_like_row(one.pooled, x.size(0))};
}

Tensor scatter_rows(const Tensor& values, const Tensor& index, int64_t rows) {
  return values.defined() ? zeros_like_row(values, rows).index_copy(0, index, values) : Tensor();
}

}  // namespace

void ModelOptions::describe(OptionList& list) {
  list.add("fusion", &fusion, "Fusion and its options: NAME[:option=value]... (pdmp list fusions).");
  list.add("encoders", &encoders,
           "Encoders: modality=NAME[:option=value]...,... (pdmp list encoders); by type where left out.");
  list.add("init", &init, "Initial weights: Kaiming/Xavier everywhere, or as the layers make them.")
      .one_of(init_names());
  list.add("channels-last", &channels_last, "Keep pictures with channels innermost: faster, same numbers to rounding.");
}

void ModelOptions::check(const std::vector<ModalityInfo>& modalities) const {
  std::vector<std::string> names;
  for (const ModalityInfo& info : modalities) names.push_back(info.name);
  for (const auto& [name, spec] : encoders) {
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      throw Error(ErrorKind::usage, fmt::format("encoders: unknown modality '{}'{}", name, suggestion(name, names)));
    }
  }
}

Model::Model(const std::vector<ModalityInfo>& modalities, int64_t classes, const ModelOptions& options, uint64_t seed)
    : infos_(modalities), classes_(classes) {
  check_modalities(modalities, classes);
  const auto all = register_module("encoders", std::make_shared<torch::nn::Module>());
  std::vector<int64_t> widths;
  for (const ModalityInfo& info : infos_) {
    const SeededGenerator generator(stream_seed(seed, "init/" + info.name));
    const auto chosen = options.encoders.find(info.name);
    const auto encoder = make_encoder(chosen == options.encoders.end() ? default_encoder(info) : chosen->second, info);
    initialize(*encoder, options.init);
    encoders_.push_back(all->register_module(info.name, encoder));
    widths.push_back(encoder->width());
  }
  const SeededGenerator generator(stream_seed(seed, "init/fusion"));
  fusion_ =
      register_module("fusion", configure(fusion_table(), "fusion", options.fusion, "fusion")->make(widths, classes));
  initialize(*fusion_, options.init);
  for (const std::shared_ptr<Encoder>& encoder : encoders_) {
    if (options.channels_last && bears_channels_last(*encoder)) make_channels_last(*encoder);
  }
  record_ownership();
}

Feature Model::encode(int64_t m, const Tensor& x, const Tensor& present) {
  if (x.dim() == 0 || present.dim() != 1 || x.size(0) != present.size(0)) {
    throw Error(ErrorKind::data,
                fmt::format("model: expected inputs (B, ...) and present (B) of modality '{}', found ({}) and ({})",
                            infos_.at(static_cast<size_t>(m)).name, fmt::join(x.sizes(), ", "),
                            fmt::join(present.sizes(), ", ")));
  }
  Encoder& network = encoder(m);
  const Tensor rows = present.nonzero().flatten();
  if (rows.size(0) == x.size(0)) return encode_rows(network, x);
  if (rows.size(0) == 0) return absent_feature(network, x);
  const Feature seen = encode_rows(network, x.index_select(0, rows));
  return {scatter_rows(seen.map, rows, x.size(0)), scatter_rows(seen.pooled, rows, x.size(0))};
}

Tensor Model::fuse(const std::vector<Feature>& features, const Tensor& present) {
  return fusion_->forward(features, present);
}

std::vector<Tensor> Model::unimodal_logits(const std::vector<Feature>& features, const Tensor& present) {
  return fusion_->unimodal_logits(features, present);
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

// MultimodalClassifier: one encoder per modality, a fusion, and an ownership map over its parameters.
//
// Symbols: B batch size, M modalities, C classes, d_m width of modality m's pooled feature.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pdmp/dataset.h"
#include "pdmp/options.h"
#include "pdmp/torch.h"

namespace pdmp {

// map (B, d, h, w), undefined where an encoder has none; pooled (B, d), the mean of the map where there is one.
struct Feature {
  Tensor map, pooled;
};

struct Outputs {
  std::vector<Feature> features;  // M
  Tensor fused;                   // (B, C) logits
  std::vector<Tensor> unimodal;   // M x (B, C) logits; empty unless asked for
};

// Everything only one modality feeds. Interface of src/models/encoders/*.
class Encoder : public torch::nn::Module {
 public:
  // x (B, shape...) as ModalityInfo::shape. The same encoder must work for B = 1.
  virtual Feature forward(const Tensor& x) = 0;
  virtual int64_t width() const = 0;  // d of the pooled feature
};

// Options of one kind of encoder, and the way to make one. `resnet18:width=32` sets `width` through `describe`.
class EncoderOptions {
 public:
  virtual ~EncoderOptions() = default;
  virtual void describe(OptionList&) {}
  virtual std::shared_ptr<Encoder> make(
      const ModalityInfo& modality) const = 0;  // Error{usage} on a shape it cannot take
};

struct EncoderInfo {
  const char* name;
  const char* summary;  // one line, for `pdmp list encoders`
  const char* input;    // shapes it takes, in words
  std::unique_ptr<EncoderOptions> (*make_options)();
  const char* source;  // paper, or where it comes from
};
const std::vector<EncoderInfo>& encoder_table();
std::string default_encoder(const ModalityInfo& modality);  // by type: design section 9
// `spec` = NAME[:option=value]...; "hidden=64+64+32" is the list 64, 64, 32. Error{usage} names the modality.
std::shared_ptr<Encoder> make_encoder(const std::string& spec, const ModalityInfo& modality);

// How the bias of a shared head is shared out among unimodal logits: b/M each, b each, none.
enum class BiasSplit { even, full, none };

// Joins the modalities' features and ends in the fused logits. Interface of src/models/fusion/*.
class Fusion : public torch::nn::Module {
 public:
  // present (B, M) bool. Features of absent modalities are already zero.
  virtual Tensor forward(const std::vector<Feature>& features, const Tensor& present) = 0;
  virtual std::vector<Tensor> unimodal_logits(const std::vector<Feature>& features, const Tensor& present) = 0;
  // Owner of the parameter registered under `name` in this module: a modality, or nothing = shared.
  virtual std::optional<int64_t> owner(const std::string& name) const = 0;
  // Whether an owned parameter belongs to its modality's encoder although the fusion holds it (mmFormer's intra-modal
  // blocks); false: it is a part of the head (methods-modulation 0.4).
  virtual bool in_encoder(const std::string&) const { return false; }
};

class FusionOptions {
 public:
  virtual ~FusionOptions() = default;
  virtual void describe(OptionList&) {}
  // Encoder of a modality for which none was named. `modalities`: all of the model. A fusion that joins maps of early
  // layers asks for an encoder that ends there.
  virtual std::string encoder(const ModalityInfo& modality, const std::vector<ModalityInfo>& modalities) const;
  // `widths`: d_m of each modality. One modality is always taken: where there is nothing to fuse, what remains is a
  // linear head (models.md 1.5). Error{usage} in one sentence for a number of modalities or widths it cannot take.
  virtual std::shared_ptr<Fusion> make(const std::vector<int64_t>& widths, int64_t classes) const = 0;
};

struct FusionInfo {
  const char* name;
  const char* summary;
  std::unique_ptr<FusionOptions> (*make_options)();
  const char* source;  // paper, or where it comes from
};
const std::vector<FusionInfo>& fusion_table();

struct ModelOptions {
  std::string fusion = "concat";  // NAME[:option=value]..., as for encoders
  NameMap encoders;               // modality -> spec, or "@other" = the very encoder of modality `other`; a modality
                                  // left out gets the fusion's default, ":option=value" that with these options
  std::string init = "global";    // global | constructor (models.md 1.4)
  bool channels_last = true;
  // How 3x3 convolutions of residual blocks are computed on the CPU, where both ways are there: auto (Winograd's
  // filtering where it is faster), winograd (wherever it can), direct (LibTorch's, whose rounding errors are smaller).
  std::string convolution = "auto";
  // Where unimodal logits come from: `fusion` (its own definition, models.md 4), or, for any fusion,
  //   masked   F({m}): the other modalities' features zero and absent
  //   shapley  Shapley values of m -> F(S), which sum to the fused logits (methods-modulation 4); 2^M passes
  //   probe    a linear layer per modality on the detached feature, trained with a loss of its own
  std::string unimodal = "fusion";
  // BatchNorm (and dropout) of the fusion in the extra passes of unimodal logits while training: `frozen` = evaluation
  // mode, so that the passes change nothing; `train` = as the official releases do.
  std::string bn_unimodal = "frozen";
  bool pretrained = true;  // not a flag. False: `weights=FILE` of encoders is not read, because weights follow anyway
  void describe(OptionList& list);
  // Error{usage} on an encoder for a modality that is not there. A Model does not mind: unimodal ones share the
  // options.
  void check(const std::vector<ModalityInfo>& modalities) const;
};

// Which of a modality's parameters a method touches (docs/design.md, "ownership"): all of its encoder, the filters of
// its convolutions (over one, two or three dimensions), every tensor but vectors, or its part of the head too.
enum class Scope { encoder_all, encoder_conv, encoder_non1d, encoder_plus_head };
Scope parse_scope(const std::string& text);  // Error{usage}

struct OwnedParameter {
  std::string name;  // as in named_parameters() and the weights file
  Tensor value;
  std::optional<int64_t> owner;  // modality, or shared
  bool in_encoder = false;       // false: part of the head (a modality's block, or shared). True without owner: an
                                 // encoder of several modalities
  bool convolution = false;      // filters of a convolution over one, two or three dimensions
};

namespace models {  // src/models/unimodal.h
class Probes;
struct UnimodalForm;
}  // namespace models

class Model : public torch::nn::Module {
 public:
  // Weights come from streams "init/<modality>", "init/fusion" and "init/probes" of `seed`: the encoder of a modality
  // starts the same whatever other modalities, fusion or method there are.
  Model(const std::vector<ModalityInfo>& modalities, int64_t classes, const ModelOptions& options, uint64_t seed);

  int64_t modalities() const { return static_cast<int64_t>(infos_.size()); }
  int64_t classes() const { return classes_; }
  const std::vector<ModalityInfo>& infos() const { return infos_; }
  Encoder& encoder(int64_t m) { return *encoders_[static_cast<size_t>(m)]; }
  Fusion& fusion() { return *fusion_; }

  // One modality, callable alone. x (B, shape...), present (B) bool. Rows that lack the modality are never shown to the
  // encoder (BatchNorm does not see them) and come back as zeros, without gradient. A single row has no batch
  // statistics: BatchNorm uses its running ones for it in training too.
  Feature encode(int64_t m, const Tensor& x, const Tensor& present);
  Tensor fuse(const std::vector<Feature>& features, const Tensor& present);                          // (B, C)
  std::vector<Tensor> unimodal_logits(const std::vector<Feature>& features, const Tensor& present);  // M x (B, C)
  // Encoders see at most `rows` rows of a batch at a time, 0: all of it. Activations then take the memory of so many
  // rows: backward computes every such micro-batch but the last a second time, as it was the first time (dropout,
  // running statistics). Features and gradients are those of the whole batch to rounding, except that BatchNorm of an
  // encoder takes the statistics of a micro-batch.
  void set_micro_batch(int64_t rows) { micro_batch_ = rows; }
  // encode + fuse; unimodal logits too where `with_unimodal`.
  Outputs forward(const Batch& batch, bool with_unimodal);
  // Sum over modalities of the cross-entropy of the probes, over the rows that have the modality; undefined without
  // probes. Its gradient reaches the probes only.
  Tensor probe_loss(const std::vector<Feature>& features, const Tensor& present, const Tensor& labels);

  // Ownership, built once: disjoint and covering. Order of named_parameters().
  const std::vector<OwnedParameter>& ownership() const { return ownership_; }
  std::vector<Tensor> modality_parameters(int64_t m, Scope scope = Scope::encoder_all) const;
  std::vector<Tensor> shared_parameters() const;

 private:
  void add_head(const ModelOptions& options, const std::vector<int64_t>& widths, uint64_t seed);
  void record_ownership();
  void mark_convolutions();
  std::vector<ModalityInfo> infos_;
  int64_t classes_;
  std::vector<std::shared_ptr<Encoder>> encoders_;  // M; one of them may be there several times
  std::shared_ptr<Fusion> fusion_;
  const models::UnimodalForm* unimodal_ = nullptr;
  bool frozen_ = true;  // ModelOptions::bn_unimodal
  int64_t micro_batch_ = 0;
  std::shared_ptr<models::Probes> probes_;  // null for other forms than probe
  std::vector<OwnedParameter> ownership_;
};

// One file in safetensors form. Encoder m's tensors are named `encoders.<modality>.<torchvision's name>`, the fusion's
// `fusion.<name>`, those of probes `probes.<modality>.<name>`. Written atomically. Buffers (BatchNorm statistics)
// included.
void save_weights(const torch::nn::Module& module, const std::string& path);
// Strict: missing, extra or differently shaped tensors are listed in one Error{data}.
void load_weights(torch::nn::Module& module, const std::string& path);

}  // namespace pdmp

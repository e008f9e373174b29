// The multimodal classifier: one encoder per modality, a fusion, and a map of which modality owns which parameter.
//
// Symbols: B batch size, M modalities, C classes, d_m width of the pooled feature of modality m.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pdmp/dataset.h"
#include "pdmp/options.h"
#include "pdmp/registry.h"
#include "pdmp/scope.h"
#include "pdmp/torch.h"

namespace pdmp {

// The output of one encoder.
struct Feature {
  Tensor map, pooled;  // (B, d, h, w), undefined where the encoder has none; (B, d), the mean of the map if any
};

// The output of a model.
struct Outputs {
  std::vector<Feature> features;  // M
  Tensor fused;                   // (B, C) logits
  std::vector<Tensor> unimodal;   // M x (B, C) logits; empty unless asked for
};

// The network of one modality. The encoders of pdmp are in src/models/encoders/.
class Encoder : public torch::nn::Module {
 public:
  // x: (B, shape...) as ModalityInfo::shape, B at least 1.
  virtual Feature forward(const Tensor& x) = 0;
  virtual int64_t width() const = 0;  // d of the pooled feature
};

// Options of one kind of encoder, which also make the encoder. `resnet18:width=32` sets `width` through `describe`.
class EncoderOptions {
 public:
  virtual ~EncoderOptions() = default;
  virtual void describe(OptionList&) {}  // adds the options, bound to this object
  // A new encoder for a modality. Error{usage} where it cannot take the shape.
  virtual std::shared_ptr<Encoder> make(const ModalityInfo& modality) const = 0;
};

// One row of the table of encoders. The texts must live as long as the process, as string literals do.
struct EncoderInfo {
  const char* name;                                   // unique; lower-case letters, digits and '_', a letter first
  const char* summary;                                // one line, for `pdmp list encoders`
  const char* input;                                  // shapes it takes, in words
  std::unique_ptr<EncoderOptions> (*make_options)();  // default options
  const char* source;                                 // paper, or where it comes from
};
// All encoders: those of pdmp, then registered ones in the order of registration.
const Registry<EncoderInfo>& encoder_table();
// Adds an encoder, which is then used by name like those of pdmp. Call it before any other function of pdmp, from one
// thread: in main. Error{usage} where the name is taken or not valid.
void register_encoder(EncoderInfo row);
// Name of the encoder for a modality that was given none: by its type, for tensors by their number of dimensions
// (docs/design.md, section 9).
std::string default_encoder(const ModalityInfo& modality);
// A new encoder. `spec`: NAME[:option=value]..., where "hidden=64+64+32" is the list 64, 64, 32. Error{usage}, naming
// the modality, where the spec is not valid or the encoder cannot take the shape.
std::shared_ptr<Encoder> make_encoder(const std::string& spec, const ModalityInfo& modality);

// How the bias b of a shared head is divided among the unimodal logits.
enum class BiasSplit {
  even,  // b / M each
  full,  // b each
  none   // without bias
};

// Combines the features of all modalities into the fused logits. The fusions of pdmp are in src/models/fusion/.
class Fusion : public torch::nn::Module {
 public:
  // (B, C) logits. present: (B, M) bool. Features of absent modalities are zero.
  virtual Tensor forward(const std::vector<Feature>& features, const Tensor& present) = 0;
  // M x (B, C): the logits by one modality alone, as this fusion defines them. Arguments as `forward`.
  virtual std::vector<Tensor> unimodal_logits(const std::vector<Feature>& features, const Tensor& present) = 0;
  // The modality that owns the parameter registered in this module as `name`; nothing: it is shared.
  virtual std::optional<int64_t> owner(const std::string& name) const = 0;
  // Whether an owned parameter counts as part of the modality's encoder, as do the intra-modal blocks of mmformer.
  // False: it is part of the head.
  virtual bool in_encoder(const std::string&) const { return false; }
};

// Options of one kind of fusion, which also make the fusion.
class FusionOptions {
 public:
  virtual ~FusionOptions() = default;
  virtual void describe(OptionList&) {}  // adds the options, bound to this object
  // Spec of the encoder for a modality that was given none. `modalities`: all of the model. Override it where the
  // fusion needs another than default_encoder(), as fusions of early maps do.
  virtual std::string encoder(const ModalityInfo& modality, const std::vector<ModalityInfo>& modalities) const;
  // A new fusion. `widths`: d_m of each modality. One modality must be accepted; the fusion is then a linear head.
  // Error{usage} for numbers of modalities or widths it cannot take.
  virtual std::shared_ptr<Fusion> make(const std::vector<int64_t>& widths, int64_t classes) const = 0;
};

// One row of the table of fusions. The texts must live as long as the process, as string literals do.
struct FusionInfo {
  const char* name;                                  // unique; lower-case letters, digits and '_', a letter first
  const char* summary;                               // one line, for `pdmp list fusions`
  std::unique_ptr<FusionOptions> (*make_options)();  // default options
  const char* source;                                // paper, or where it comes from
};
// All fusions: those of pdmp, then registered ones in the order of registration.
const Registry<FusionInfo>& fusion_table();
// Adds a fusion, which is then used by name like those of pdmp. Call it before any other function of pdmp, from one
// thread: in main. Error{usage} where the name is taken or not valid.
void register_fusion(FusionInfo row);

// Options of a Model. Flags of the same names, with '-' for '_'.
struct ModelOptions {
  std::string fusion = "concat";  // NAME[:option=value]..., as for encoders
  NameMap encoders = {};        // modality -> spec, or "@other": the same encoder as modality `other`. A modality that
                                // is left out gets the fusion's default; ":option=value" is that with these options
  std::string init = "global";  // initial weights. global: Kaiming/Xavier; constructor: as the layers make them
  bool channels_last = true;    // keeps pictures with channels innermost: faster, the same numbers up to rounding
  // How 3x3 convolutions of residual blocks are computed on the CPU, where both ways are possible. auto: by Winograd's
  // filtering where it is faster; winograd: wherever possible; direct: by LibTorch, with smaller rounding errors.
  std::string convolution = "auto";
  // Where unimodal logits come from.
  //   fusion   the fusion's own definition
  //   masked   the fused logits with the features of all other modalities zero and absent
  //   shapley  Shapley values of the fused logits over sets of modalities, which sum to them; 2^M passes
  //   probe    a linear layer on the detached feature of each modality, trained by a loss of its own
  std::string unimodal = "fusion";
  // Mode of BatchNorm and dropout of the fusion in additional passes for unimodal logits during training. frozen:
  // evaluation mode, so that the passes change nothing; train: as in official releases of methods.
  std::string bn_unimodal = "frozen";
  bool pretrained = true;  // not a flag. False: `weights=FILE` of encoders is not read, as other weights will be loaded
  void describe(OptionList& list);
  // Error{usage} where an encoder is given for a modality that does not exist. Model itself accepts that, as unimodal
  // models use the same options.
  void check(const std::vector<ModalityInfo>& modalities) const;
};

// One parameter of a model and who owns it.
struct OwnedParameter {
  std::string name;              // as in named_parameters() and the weights file
  Tensor value;                  // the parameter itself, not a copy
  std::optional<int64_t> owner;  // the one modality that feeds it; nothing: shared
  bool in_encoder = false;       // false: part of the head. True without owner: an encoder that modalities share
  bool convolution = false;      // whether it is the filters of a convolution over one, two or three dimensions
};

namespace models {  // src/models/unimodal.h
class Probes;
struct UnimodalForm;
}  // namespace models

// Encoders and a fusion, trained together. It owns its modules. Not thread-safe.
class Model : public torch::nn::Module {
 public:
  // Weights are drawn from streams "init/<modality>", "init/fusion" and "init/probes" of `seed`: the encoder of a
  // modality starts the same whatever the other modalities, the fusion and the method are. Error{usage} where there is
  // no modality, fewer than 2 classes, a name that is not valid, or options that do not fit.
  Model(const std::vector<ModalityInfo>& modalities, int64_t classes, const ModelOptions& options, uint64_t seed);

  int64_t modalities() const { return static_cast<int64_t>(infos_.size()); }  // M
  int64_t classes() const { return classes_; }                                // C
  const std::vector<ModalityInfo>& infos() const { return infos_; }           // M, in the order of Batch::inputs
  Encoder& encoder(int64_t m) { return *encoders_[static_cast<size_t>(m)]; }  // of modality m in [0, M)
  Fusion& fusion() { return *fusion_; }                                       // owned by the model

  // The feature of modality m. x: (B, shape...). present: (B) bool. Rows without the modality are not passed to the
  // encoder, so that BatchNorm does not see them, and are zero in the result, without gradient. A single row has no
  // batch statistics: BatchNorm then uses its running ones, also in training. Error{data} where shapes do not fit.
  Feature encode(int64_t m, const Tensor& x, const Tensor& present);
  // (B, C) fused logits. present: (B, M) bool.
  Tensor fuse(const std::vector<Feature>& features, const Tensor& present);
  // M x (B, C) logits by each modality alone, as ModelOptions::unimodal says. present: (B, M) bool.
  std::vector<Tensor> unimodal_logits(const std::vector<Feature>& features, const Tensor& present);
  // Encoders get at most `rows` rows of a batch at a time; 0: all of them. Activations then take the memory of that
  // many rows: the backward pass computes every such micro-batch but the last again, exactly as before (dropout,
  // running statistics). Features and gradients equal those of the whole batch up to rounding, except that BatchNorm of
  // an encoder uses the statistics of a micro-batch.
  void set_micro_batch(int64_t rows) { micro_batch_ = rows; }
  // `encode` of each modality, then `fuse`; with `with_unimodal` also the unimodal logits.
  Outputs forward(const Batch& batch, bool with_unimodal);
  // Sum over modalities of the mean cross-entropy of their probes over the rows with the modality; undefined where
  // there are no probes. labels: (B) int64. Only the probes get a gradient.
  Tensor probe_loss(const std::vector<Feature>& features, const Tensor& present, const Tensor& labels);

  // Every parameter of the model exactly once, in the order of named_parameters().
  const std::vector<OwnedParameter>& ownership() const { return ownership_; }
  // The parameters that modality m owns and `scope` includes. For a scope of the encoder there are none where
  // modalities share that encoder.
  std::vector<Tensor> modality_parameters(int64_t m, Scope scope = Scope::encoder_all) const;
  std::vector<Tensor> shared_parameters() const;  // those without owner

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

// Writes parameters and buffers (statistics of BatchNorm) to one safetensors file, which is replaced as a whole.
// Tensors of a Model are named `encoders.<modality>.<torchvision's name>`, `fusion.<name>` and
// `probes.<modality>.<name>`. Error{io}.
void save_weights(const torch::nn::Module& module, const std::string& path);
// Reads such a file. Error{data} lists tensors that are missing, unknown or of another shape; the module then stays as
// it was.
void load_weights(torch::nn::Module& module, const std::string& path);

}  // namespace pdmp

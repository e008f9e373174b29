// Data as a model reads it: samples, batches, Dataset (samples by index) and Loader (batches in random order).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pdmp/random.h"
#include "pdmp/tensor.h"

namespace pdmp {

// Name, type and shape of one modality: all that an encoder is built from.
struct ModalityInfo {
  std::string name;            // not empty, without '.', different from that of other modalities
  std::string type;            // image | frames | flow | audio | tensor | vector | text
  std::vector<int64_t> shape;  // of one sample: image (C, H, W); frames (C, T, H, W); flow (2, T, H, W); audio
                               // (1, F, T); tensor as stored; vector (D); text (max_bytes): bytes + 1, 0 is padding
};

// One sample with all modalities of its data set, in their order.
struct Sample {
  std::vector<Tensor> inputs;  // one per modality: (shape...) float32 (text: int64), zeros where it is absent
  std::vector<bool> present;   // one per modality; false: the sample lacks it
  int64_t label = 0;           // position of the class in Dataset::classes()
};

// The samples of one step. M is the number of modalities, B the number of samples.
struct Batch {
  std::vector<Tensor> inputs;                      // M x (B, shape...) float32 (text: int64)
  Tensor present;                                  // (B, M) bool; false: the sample lacks the modality
  Tensor labels, index;                            // (B) int64: classes, positions in the data set
  int64_t size() const { return labels.size(0); }  // B
};

// A cell of a data set that could not be decoded. The sample is used without that modality.
struct DecodeFailure {
  std::string modality, path, reason;  // name of the modality, its file, and one line that says why
};

// Labeled samples by index. Functions are const and may be called from several threads at once. `index` is in
// [0, size()).
class Dataset {
 public:
  virtual ~Dataset() = default;
  virtual int64_t size() const = 0;                                 // number of samples
  virtual const std::vector<ModalityInfo>& modalities() const = 0;  // in the order of Sample::inputs
  virtual const std::vector<std::string>& classes() const = 0;      // names; labels are positions in it
  virtual int64_t live_class() const { return -1; }                 // attack detection: class of non-attacks; -1: none
  virtual int64_t label(int64_t index) const = 0;                   // of one sample, in [0, classes().size())
  virtual std::string id(int64_t index) const = 0;                  // name of one sample, for messages and tables
  // Loads one sample. `augment` null: as for evaluation, always the same tensors. Otherwise as for training: every
  // random choice is drawn from `augment`.
  virtual Sample get(int64_t index, RandomStream* augment) const = 0;
  // As `get`, with the modalities at the positions `wanted` only, in that order. Override it where this saves work.
  virtual Sample get_modalities(int64_t index, const std::vector<int64_t>& wanted, RandomStream* augment) const;
  // The cells that could not be decoded so far, each once, ordered by modality and index.
  virtual std::vector<DecodeFailure> failures() const { return {}; }
};

// A data set of tensors in memory. Sample ids are "0", "1", ...; nothing is augmented.
class TensorDataset : public Dataset {
 public:
  // inputs: M x (N, shape...). labels: (N) int64. present: (N, M) bool; undefined: every sample has every modality. The
  // tensors are shared, not copied. Error{data} where shapes, types or labels do not fit.
  TensorDataset(std::vector<ModalityInfo> modalities, std::vector<std::string> classes, std::vector<Tensor> inputs,
                Tensor labels, Tensor present = {});
  int64_t size() const override { return labels_.size(0); }
  const std::vector<ModalityInfo>& modalities() const override { return modalities_; }
  const std::vector<std::string>& classes() const override { return classes_; }
  int64_t label(int64_t index) const override;
  std::string id(int64_t index) const override { return std::to_string(index); }
  Sample get(int64_t index, RandomStream* augment) const override;

 private:
  std::vector<ModalityInfo> modalities_;
  std::vector<std::string> classes_;
  std::vector<Tensor> inputs_;
  Tensor labels_, present_;
};

// One modality of N samples in memory, for tensor_dataset.
struct NamedTensor {
  std::string name;       // as ModalityInfo::name
  Tensor values;          // (N, shape...); converted to float32 unless it is text
  std::string type = "";  // as ModalityInfo::type. Empty: int64 is text; else by the shape of a sample, (D) vector,
                          // (C, H, W) image, (C, T, H, W) frames, any other tensor
};

// A data set of samples that all have every modality. labels: (N) int64. classes: names of the labels 0, 1, ...; empty:
// "0", "1", ... up to the largest label, so give names where a split may lack a class. Error{data} where sizes or
// labels do not fit.
std::shared_ptr<const Dataset> tensor_dataset(std::vector<NamedTensor> inputs, Tensor labels,
                                              std::vector<std::string> classes = {});

// A data set whose samples a function makes, for make_dataset.
struct FunctionDataset {
  std::vector<ModalityInfo> modalities;  // in the order of `inputs`
  std::vector<std::string> classes;      // names; labels are positions in it
  std::vector<int64_t> labels;           // one for each sample: their number is the size of the data set
  // Inputs of one sample, one per modality in its shape, float32 (text: int64); an undefined tensor is an absent
  // modality. It is called from several threads at once. Without `augment` the result must always be the same; with it,
  // every random choice must be drawn from it.
  std::function<std::vector<Tensor>(int64_t index, RandomStream* augment)> inputs;
};
// Sample ids are "0", "1", .... Error{data} where a label is not a class; from `get`, where an input has another type
// or shape than its modality.
std::shared_ptr<const Dataset> make_dataset(FunctionDataset functions);

// A view of the samples at these positions, in this order; one may occur several times. Error{data} where a position is
// out of range.
std::shared_ptr<const Dataset> select_samples(std::shared_ptr<const Dataset> data, std::vector<int64_t> indices);
// A view of these modalities, in this order. Error{usage} where a name is unknown or repeated, or none is given.
std::shared_ptr<const Dataset> select_modalities(std::shared_ptr<const Dataset> data,
                                                 const std::vector<std::string>& names);

// The splits of a run, with the same modalities and classes: `train` is learned from, `val` selects the epoch, `test`
// is scored once at the end.
struct TrainingData {
  std::shared_ptr<const Dataset> train = nullptr, val = nullptr, test = nullptr;  // null: there is none
};

// How a Loader makes batches. Random numbers are drawn from named streams of `seed` (random.h).
struct LoaderOptions {
  int64_t batch_size = 64;  // samples in a batch, at least 1; the last batch may be smaller
  bool shuffle = false;     // order of the samples from stream "shuffle/<epoch>"; false: that of the data set
  // Draws as many samples as there are, with replacement, instead of `shuffle`: first a class, each with the same
  // probability, then one of its samples. Stream "sampler/<epoch>".
  bool balanced = false;
  bool augment = false;    // augments, from stream "augment/<epoch>/<sample>"; `balanced`: <place in the epoch>
  bool drop_last = false;  // leaves out a last batch that is smaller; for training only
  int64_t workers = 0;     // threads that decode ahead, at least 0; 0: a batch is made when it is asked for
  int64_t prefetch = 2;    // batches that are made ahead with workers, at least 0; 0 acts as 1
  bool pinned = false;     // page-locked memory, from which a GPU copies by itself; requires CUDA; untested
  uint64_t seed = 0;       // of the random streams
};

// Makes the batches of a data set, the same for a seed whatever the number of workers. Call its functions from one
// thread. Memory of a batch's inputs is reused once no tensor refers to it.
class Loader {
 public:
  // Starts the threads; they belong to the session of the caller (session.h). Error{usage} where an option is out of
  // range, {data} where `drop_last` leaves no batch, {io} where a thread cannot be started.
  Loader(std::shared_ptr<const Dataset> data, const LoaderOptions& options);
  ~Loader();  // waits for the samples that are being decoded
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  int64_t batches() const;  // in an epoch
  // Begins epoch `epoch` at batch `first`, and abandons the one before. Starting in the middle takes no longer, and
  // gives the same batches from there on. Error{data} where `first` is not in [0, batches()].
  void start_epoch(int64_t epoch, int64_t first = 0);
  // The next batch; nothing at the end of the epoch and before the first one. An error of a worker is thrown here, that
  // of the first sample in order, and ends the epoch.
  std::optional<Batch> next();
  double wait_seconds() const;  // time spent waiting in `next` since construction, in seconds

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Stacks samples into a batch; `indices` become Batch::index. Error{data} where there is no sample, the numbers of
// samples and indices differ, or inputs of a modality have different shapes.
Batch collate(const std::vector<Sample>& samples, const std::vector<int64_t>& indices);

}  // namespace pdmp

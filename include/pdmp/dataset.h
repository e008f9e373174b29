// What data looks like to a model: samples, batches, a Dataset to index and a Loader that hands out batches.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pdmp/random.h"
#include "pdmp/tensor.h"

namespace pdmp {

// What an encoder must know of its modality.
struct ModalityInfo {
  std::string name;
  std::string type;            // image | frames | flow | audio | tensor | vector | text
  std::vector<int64_t> shape;  // of one sample: image (C, H, W); frames (C, T, H, W); audio (1, F, T);
                               // tensor as stored; vector (D); text (max_bytes) int64 bytes + 1, 0 = padding
};

struct Sample {
  std::vector<Tensor> inputs;  // one per modality, zeros of the modality's shape where absent
  std::vector<bool> present;   // one per modality
  int64_t label = 0;
};

// What the loader hands out. M = number of modalities, B = batch size.
struct Batch {
  std::vector<Tensor> inputs;  // M x (B, shape...) float32 (text: int64)
  Tensor present;              // (B, M) bool: false where a sample lacks the modality
  Tensor labels, index;        // (B) int64; index = position in the data set
  int64_t size() const { return labels.size(0); }
};

// A sample that would not decode: counted, named, and treated as absent.
struct DecodeFailure {
  std::string modality, path, reason;
};

class Dataset {
 public:
  virtual ~Dataset() = default;
  virtual int64_t size() const = 0;
  virtual const std::vector<ModalityInfo>& modalities() const = 0;
  virtual const std::vector<std::string>& classes() const = 0;
  virtual int64_t live_class() const { return -1; }  // attack detection: the class that is no attack; -1 = none
  virtual int64_t label(int64_t index) const = 0;
  virtual std::string id(int64_t index) const = 0;
  // Safe to call from several threads. `augment` null: evaluation; else training, and every random choice comes from
  // it.
  virtual Sample get(int64_t index, RandomStream* augment) const = 0;
  // As `get`, with these modalities (positions) only, in this order. Overridden where leaving some out saves work.
  virtual Sample get_modalities(int64_t index, const std::vector<int64_t>& wanted, RandomStream* augment) const;
  // Distinct cells that would not decode so far, in the order of (modality, index).
  virtual std::vector<DecodeFailure> failures() const { return {}; }
};

// Tensors in memory: synthetic tasks and tests.
class TensorDataset : public Dataset {
 public:
  // inputs: M x (N, shape...); labels (N) int64; present (N, M) bool or undefined = all present.
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

// Views: some of the samples, some of the modalities (in the order given).
std::shared_ptr<const Dataset> select_samples(std::shared_ptr<const Dataset> data, std::vector<int64_t> indices);
std::shared_ptr<const Dataset> select_modalities(std::shared_ptr<const Dataset> data,
                                                 const std::vector<std::string>& names);

// The splits a training run works with. `val` is null where the run has none.
struct TrainingData {
  std::shared_ptr<const Dataset> train, val, test;
};

struct LoaderOptions {
  int64_t batch_size = 64;
  bool shuffle = false;  // order from stream "shuffle/<epoch>"
  // Each place of an epoch, as many as there are samples, goes to a class drawn alike among those that have samples and
  // to one of its samples, with replacement: weights 1 / n_c. From stream "sampler/<epoch>", in place of `shuffle`.
  bool balanced = false;
  bool augment = false;    // sample i of epoch e from stream "augment/<e>/<i>"; balanced: its place in the epoch
  bool drop_last = false;  // training only; evaluation scores every sample
  int64_t workers = 0;     // threads that decode ahead; 0: batches are made when asked for
  int64_t prefetch = 2;    // batches ready ahead of the caller, with workers >= 1
  bool pinned = false;     // batches in page-locked memory, which a GPU fetches by itself; wants CUDA; untested
  uint64_t seed = 0;
};

// Batches of a data set, the same for a seed whatever the number of workers. Used from one thread. The memory of a
// batch's inputs is used again once no tensor holds it.
class Loader {
 public:
  Loader(std::shared_ptr<const Dataset> data, const LoaderOptions& options);
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  int64_t batches() const;  // per epoch
  // Begins epoch `epoch` at batch `first`: resuming in the middle costs nothing and gives the same batches.
  void start_epoch(int64_t epoch, int64_t first = 0);
  // The next batch, or nothing at the end of the epoch (or before the first one). An error of a worker is thrown here,
  // in the order of the samples; it ends the epoch.
  std::optional<Batch> next();
  double wait_seconds() const;  // time `next` spent waiting, since construction

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Stacks samples into a batch; `indices` are their positions in the data set.
Batch collate(const std::vector<Sample>& samples, const std::vector<int64_t>& indices);

}  // namespace pdmp

#include "pdmp/dataset.h"

#include <ATen/ops/zeros_like.h>
#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <set>
#include <utility>

#include "data/loader/modality_names.h"
#include "pdmp/error.h"
#include "pdmp/options.h"
#include "pdmp/tensor.h"

namespace pdmp {
namespace {

[[noreturn]] void fail(const std::string& message) { throw Error(ErrorKind::data, message); }

// What a view shares with the data it looks at.
class View : public Dataset {
 public:
  explicit View(std::shared_ptr<const Dataset> data) : data_(std::move(data)) {}
  int64_t size() const override { return data_->size(); }
  const std::vector<ModalityInfo>& modalities() const override { return data_->modalities(); }
  const std::vector<std::string>& classes() const override { return data_->classes(); }
  int64_t live_class() const override { return data_->live_class(); }
  int64_t label(int64_t index) const override { return data_->label(index); }
  std::string id(int64_t index) const override { return data_->id(index); }
  std::vector<DecodeFailure> failures() const override { return data_->failures(); }

 protected:
  std::shared_ptr<const Dataset> data_;
};

class SampleView : public View {
 public:
  SampleView(std::shared_ptr<const Dataset> data, std::vector<int64_t> indices)
      : View(std::move(data)), indices_(std::move(indices)) {
    for (const int64_t index : indices_) {
      if (index < 0 || index >= data_->size()) {
        fail(fmt::format("select_samples: expected indices from 0 to {}, found {}", data_->size() - 1, index));
      }
    }
  }
  int64_t size() const override { return static_cast<int64_t>(indices_.size()); }
  int64_t label(int64_t index) const override { return data_->label(base(index)); }
  std::string id(int64_t index) const override { return data_->id(base(index)); }
  Sample get(int64_t index, RandomStream* augment) const override { return data_->get(base(index), augment); }
  Sample get_modalities(int64_t index, const std::vector<int64_t>& wanted, RandomStream* augment) const override {
    return data_->get_modalities(base(index), wanted, augment);
  }

 private:
  int64_t base(int64_t index) const { return indices_.at(static_cast<size_t>(index)); }
  std::vector<int64_t> indices_;
};

class ModalityView : public View {
 public:
  ModalityView(std::shared_ptr<const Dataset> data, std::vector<int64_t> wanted)
      : View(std::move(data)), wanted_(std::move(wanted)) {
    for (const int64_t m : wanted_) modalities_.push_back(data_->modalities()[static_cast<size_t>(m)]);
  }
  const std::vector<ModalityInfo>& modalities() const override { return modalities_; }
  Sample get(int64_t index, RandomStream* augment) const override {
    return data_->get_modalities(index, wanted_, augment);
  }
  Sample get_modalities(int64_t index, const std::vector<int64_t>& wanted, RandomStream* augment) const override {
    std::vector<int64_t> base;
    for (const int64_t m : wanted) base.push_back(wanted_.at(static_cast<size_t>(m)));
    return data_->get_modalities(index, base, augment);
  }
  std::vector<DecodeFailure> failures() const override {
    std::vector<DecodeFailure> all = data_->failures();
    std::erase_if(all, [&](const DecodeFailure& failure) {
      return std::none_of(modalities_.begin(), modalities_.end(),
                          [&](const ModalityInfo& info) { return info.name == failure.modality; });
    });
    return all;
  }

 private:
  std::vector<int64_t> wanted_;
  std::vector<ModalityInfo> modalities_;
};

void check_input(const ModalityInfo& info, const Tensor& input, int64_t samples) {
  std::vector<int64_t> expected = info.shape;
  expected.insert(expected.begin(), samples);
  if (!input.defined() || input.sizes() != at::IntArrayRef(expected)) {
    const auto found = input.defined() ? fmt::format("({})", fmt::join(input.sizes(), ", ")) : std::string("nothing");
    fail(fmt::format("modality '{}': expected a tensor of shape ({}), found {}", info.name, fmt::join(expected, ", "),
                     found));
  }
}

}  // namespace

Sample Dataset::get_modalities(int64_t index, const std::vector<int64_t>& wanted, RandomStream* augment) const {
  const Sample all = get(index, augment);
  Sample sample;
  sample.label = all.label;
  for (const int64_t m : wanted) {
    sample.inputs.push_back(all.inputs.at(static_cast<size_t>(m)));
    sample.present.push_back(all.present.at(static_cast<size_t>(m)));
  }
  return sample;
}

TensorDataset::TensorDataset(std::vector<ModalityInfo> modalities, std::vector<std::string> classes,
                             std::vector<Tensor> inputs, Tensor labels, Tensor present)
    : modalities_(std::move(modalities)),
      classes_(std::move(classes)),
      inputs_(std::move(inputs)),
      labels_(std::move(labels)),
      present_(std::move(present)) {
  const auto count = static_cast<int64_t>(modalities_.size());
  if (inputs_.size() != modalities_.size()) {
    fail(fmt::format("expected one tensor for each of {} modalities, found {}", count, inputs_.size()));
  }
  if (!labels_.defined() || labels_.dim() != 1 || labels_.scalar_type() != at::kLong) {
    fail("labels: expected a tensor of shape (N) of int64");
  }
  const int64_t samples = labels_.size(0);
  for (size_t m = 0; m < inputs_.size(); ++m) check_input(modalities_[m], inputs_[m], samples);
  if (present_.defined() &&
      (present_.sizes() != at::IntArrayRef{samples, count} || present_.scalar_type() != at::kBool)) {
    fail(fmt::format("present: expected a tensor of shape ({}, {}) of bool", samples, count));
  }
  const auto classes_count = static_cast<int64_t>(classes_.size());
  if (samples == 0) return;
  const auto smallest = labels_.min().item<int64_t>(), largest = labels_.max().item<int64_t>();
  if (smallest < 0 || largest >= classes_count) {
    fail(fmt::format("labels: expected values from 0 to {}, found {}", classes_count - 1,
                     smallest < 0 ? smallest : largest));
  }
}

int64_t TensorDataset::label(int64_t index) const { return labels_[index].item<int64_t>(); }

Sample TensorDataset::get(int64_t index, RandomStream*) const {
  Sample sample;
  sample.label = label(index);
  for (size_t m = 0; m < inputs_.size(); ++m) {
    const bool present = !present_.defined() || present_[index][static_cast<int64_t>(m)].item<bool>();
    const Tensor input = inputs_[m][index];
    sample.inputs.push_back(present ? input : at::zeros_like(input));
    sample.present.push_back(present);
  }
  return sample;
}

std::shared_ptr<const Dataset> select_samples(std::shared_ptr<const Dataset> data, std::vector<int64_t> indices) {
  return std::make_shared<SampleView>(std::move(data), std::move(indices));
}

std::shared_ptr<const Dataset> select_modalities(std::shared_ptr<const Dataset> data,
                                                 const std::vector<std::string>& names) {
  const std::vector<std::string> known = data::modality_names(data->modalities());
  std::vector<int64_t> wanted;
  std::set<std::string> seen;
  for (const std::string& name : names) {
    const auto found = std::find(known.begin(), known.end(), name);
    if (found == known.end()) {
      throw Error(ErrorKind::usage, fmt::format("unknown modality '{}'{}", name, suggestion(name, known)));
    }
    if (!seen.insert(name).second) throw Error(ErrorKind::usage, fmt::format("modality '{}' is asked for twice", name));
    wanted.push_back(found - known.begin());
  }
  if (wanted.empty()) throw Error(ErrorKind::usage, "expected at least one modality, found none");
  return std::make_shared<ModalityView>(std::move(data), std::move(wanted));
}

}  // namespace pdmp

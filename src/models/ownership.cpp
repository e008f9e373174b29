// Which parameter belongs to which modality (methods-modulation 0.4), and which of them a scope names.
#include <algorithm>

#include "base/table.h"
#include "models/convolutions.h"
#include "models/unimodal.h"
#include "pdmp/model.h"

namespace pdmp {
namespace {

bool in_scope(const OwnedParameter& parameter, Scope scope) {
  switch (scope) {
    case Scope::encoder_all:
      return parameter.in_encoder;
    case Scope::encoder_conv:
      return parameter.in_encoder && parameter.convolution;
    case Scope::encoder_non1d:
      return parameter.in_encoder && parameter.value.dim() != 1;
    case Scope::encoder_plus_head:
      return true;
  }
  return false;
}

}  // namespace

// In the order of named_parameters(). An encoder that several modalities go through is shared, and is there once.
void Model::record_ownership() {
  for (const auto& child : named_children()["encoders"]->named_children()) {
    std::vector<int64_t> users;
    for (int64_t m = 0; m < modalities(); ++m) {
      if (&encoder(m) == child.value().get()) users.push_back(m);
    }
    const std::optional<int64_t> owner = users.size() == 1 ? std::optional(users[0]) : std::nullopt;
    for (const auto& item : child.value()->named_parameters())
      ownership_.push_back({"encoders." + child.key() + "." + item.key(), item.value(), owner, true});
  }
  for (const auto& item : fusion_->named_parameters()) {
    ownership_.push_back(
        {"fusion." + item.key(), item.value(), fusion_->owner(item.key()), fusion_->in_encoder(item.key())});
  }
  mark_convolutions();
  if (!probes_) return;
  // Shared, though each is fed by one modality: no method is to act on them.
  for (const auto& item : probes_->named_parameters())
    ownership_.push_back({"probes." + item.key(), item.value(), std::nullopt, false});
}

void Model::mark_convolutions() {
  for (const Tensor& filters : models::convolution_filters(*this)) {
    const auto same = [&](const OwnedParameter& parameter) { return parameter.value.is_same(filters); };
    const auto found = std::find_if(ownership_.begin(), ownership_.end(), same);
    if (found != ownership_.end()) found->convolution = true;
  }
}

std::vector<Tensor> Model::modality_parameters(int64_t m, Scope scope) const {
  std::vector<Tensor> parameters;
  for (const OwnedParameter& parameter : ownership_) {
    if (parameter.owner == m && in_scope(parameter, scope)) parameters.push_back(parameter.value);
  }
  return parameters;
}

std::vector<Tensor> Model::shared_parameters() const {
  std::vector<Tensor> parameters;
  for (const OwnedParameter& parameter : ownership_) {
    if (!parameter.owner) parameters.push_back(parameter.value);
  }
  return parameters;
}

}  // namespace pdmp

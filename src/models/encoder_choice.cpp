#include "models/encoder_choice.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <memory>

#include "base/spec.h"
#include "data/types/modality_type.h"
#include "pdmp/error.h"

namespace pdmp::models {
namespace {

std::string given(const NameMap& encoders, const std::string& modality) {
  const auto found = encoders.find(modality);
  return found == encoders.end() ? std::string() : found->second;
}

std::optional<size_t> position(const std::vector<ModalityInfo>& modalities, const std::string& name) {
  const auto found =
      std::find_if(modalities.begin(), modalities.end(), [&](const ModalityInfo& info) { return info.name == name; });
  if (found == modalities.end()) return std::nullopt;
  return static_cast<size_t>(found - modalities.begin());
}

void check_sharing(const ModalityInfo& info, const std::string& other, const std::string& spec_of_other) {
  if (other == info.name) {
    throw Error(ErrorKind::usage,
                fmt::format("encoders: expected the name of another modality after '@', found '{0}=@{0}'; leave it out "
                            "for the default encoder",
                            info.name));
  }
  if (const auto third = shared_name(spec_of_other)) {
    throw Error(ErrorKind::usage,
                fmt::format("encoders: '{}=@{}' expects an encoder of {}'s own, found '@{}' there; name the modality "
                            "that has one",
                            info.name, other, other, *third));
  }
}

void check_same_input(const ModalityInfo& a, const ModalityInfo& b) {
  if (a.shape == b.shape && data::holds_integers(a.type) == data::holds_integers(b.type)) return;
  throw Error(
      ErrorKind::usage,
      fmt::format("encoders: '{}=@{}' expects two modalities of one shape, found {} ({}) and {} ({}); give each "
                  "an encoder of its own",
                  a.name, b.name, a.type, fmt::join(a.shape, ", "), b.type, fmt::join(b.shape, ", ")));
}

}  // namespace

std::optional<std::string> shared_name(const std::string& encoder) {
  if (!encoder.starts_with("@")) return std::nullopt;
  return encoder.substr(1);
}

std::vector<EncoderChoice> choose_encoders(const std::vector<ModalityInfo>& modalities, const ModelOptions& options) {
  const auto fusion = configure(fusion_table(), "fusion", options.fusion, "fusion");
  std::vector<EncoderChoice> choices;
  for (const ModalityInfo& info : modalities) {
    EncoderChoice choice{given(options.encoders, info.name), std::nullopt};
    const ModalityInfo* like = &info;
    if (const auto other = shared_name(choice.spec)) {
      choice.spec = given(options.encoders, *other);
      check_sharing(info, *other, choice.spec);
      choice.shared_with = position(modalities, *other);
      if (choice.shared_with) {
        like = &modalities[*choice.shared_with];
        check_same_input(info, *like);
      }
    }
    if (choice.spec.empty() || choice.spec.front() == ':')
      choice.spec = fusion->encoder(*like, modalities) + choice.spec;
    choices.push_back(std::move(choice));
  }
  return choices;
}

ModelOptions with_linear_head(ModelOptions options, const std::vector<ModalityInfo>& modalities) {
  const std::vector<EncoderChoice> choices = choose_encoders(modalities, options);
  for (size_t m = 0; m < modalities.size(); ++m) options.encoders[modalities[m].name] = choices[m].spec;
  options.fusion = ModelOptions().fusion;
  return options;
}

}  // namespace pdmp::models

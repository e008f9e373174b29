// Which encoder each modality of a model gets.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "pdmp/model.h"

namespace pdmp::models {

struct EncoderChoice {
  std::string spec;                   // NAME[:option=value]...
  std::optional<size_t> shared_with;  // "@other": position of the modality whose encoder this is; it has its own
};

// One per modality. The spec given; ":option=value" = the default encoder with these options; nothing = the default,
// which is the fusion's. "@other" where `other` is not among `modalities` (a modality trained alone): an encoder like
// that of `other`. Error{usage} on "@other" of another shape, of the modality itself, or of one that shares its own.
std::vector<EncoderChoice> choose_encoders(const std::vector<ModalityInfo>& modalities, const ModelOptions& options);

// The options of the models of each modality alone: the encoders of the joint model, whose fusion may ask for some of
// its own and whose modalities may share one, and a linear head, which is what the default fusion is for one modality.
ModelOptions with_linear_head(ModelOptions options, const std::vector<ModalityInfo>& modalities);

// The name behind "@", or nothing for an encoder of one's own.
std::optional<std::string> shared_name(const std::string& encoder);

}  // namespace pdmp::models

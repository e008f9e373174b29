// Trainings of one modality alone that belong to a run of several.
#pragma once

#include <memory>

#include "pdmp/run.h"

namespace pdmp::runs {

// The selected weights of the run `options.alone` names for modality m; where it names none, of RUN/alone/<modality>,
// which is trained first, or goes on. Error{usage} where what is named is another training.
std::shared_ptr<Model> model_alone(const RunOptions& options, const std::vector<ModalityInfo>& modalities, int64_t m);

}  // namespace pdmp::runs

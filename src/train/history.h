// Epoch records as JSON: kept in checkpoints and written to metrics.jsonl.
#pragma once

#include <nlohmann/json.hpp>

#include "pdmp/trainer.h"

namespace pdmp {

// Scalars only: confusion, predictions and probabilities are left out.
nlohmann::json to_json(const Evaluation& evaluation);
Evaluation evaluation_from_json(const nlohmann::json& value);

nlohmann::json to_json(const EpochRecord& record);
EpochRecord epoch_record_from_json(const nlohmann::json& value);

}  // namespace pdmp

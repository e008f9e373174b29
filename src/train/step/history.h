// Epoch records as JSON: kept in checkpoints and written to metrics.jsonl.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "metrics/metric.h"
#include "pdmp/trainer.h"

namespace pdmp::training {

// Scalars, and `correct` where there is one: predictions are left out.
nlohmann::json to_json(const Evaluation& evaluation);
Evaluation evaluation_from_json(const nlohmann::json& value);

// A (n) bool tensor as hexadecimal digits, four samples each, the first in the highest bit.
std::string text_of_correct(const Tensor& correct);
Tensor correct_of_text(const std::string& text, int64_t n);  // Error{data} where that is not such a text

// "epoch 3: loss 0.412, validation 0.871, data wait 0.4 %"; `waited`: share of the training time the loader was
// waited for; validation by `metric`.
std::string epoch_note(const EpochRecord& record, double waited, const Metric& metric);

// Scores under names as metrics.jsonl has them; `split`: "val/", "test/", "ema/val/" ...
void add_scores(nlohmann::json& line, const std::string& split, const Evaluation& scores, const Model& model);

nlohmann::json to_json(const EpochRecord& record);
EpochRecord epoch_record_from_json(const nlohmann::json& value);

}  // namespace pdmp::training

#include "run/predictions.h"

#include <fmt/format.h>

#include "base/file.h"
#include "data/csv.h"

namespace pdmp {

void write_predictions(const std::vector<ScoredSplit>& splits, const std::filesystem::path& path) {
  std::string text;
  for (const ScoredSplit& scored : splits) {
    const std::vector<std::string>& classes = scored.data.classes();
    if (text.empty()) {
      std::vector<std::string> header = {"id", "split", "label", "prediction"};
      for (const std::string& name : classes) header.push_back("probability_" + name);
      text = csv_record(header);
    }
    const auto labels = scored.evaluation.labels.accessor<int64_t, 1>();
    const auto predictions = scored.evaluation.predictions.accessor<int64_t, 1>();
    const auto probabilities = scored.evaluation.probabilities.accessor<float, 2>();
    for (int64_t i = 0; i < scored.evaluation.n; ++i) {
      std::vector<std::string> fields = {scored.data.id(i), scored.split, classes[static_cast<size_t>(labels[i])],
                                         classes[static_cast<size_t>(predictions[i])]};
      for (int64_t c = 0; c < probabilities.size(1); ++c) fields.push_back(fmt::format("{:.6f}", probabilities[i][c]));
      text += csv_record(fields);
    }
  }
  write_file_atomically(path, text);
}

}  // namespace pdmp

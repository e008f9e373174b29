#include "run/predictions.h"

#include <fmt/format.h>

#include "base/file.h"
#include "data/csv.h"
#include "pdmp/error.h"

namespace pdmp {
namespace {

size_t column(const MetadataTable& table, const char* name) {
  if (const auto found = table.find(name)) return *found;
  throw Error(ErrorKind::data,
              fmt::format("{}:1: expected a column '{}', as predictions.csv of a run has it, found none",
                          table.file.string(), name));
}

}  // namespace

FileDigest write_predictions(const std::vector<ScoredSplit>& splits, const std::filesystem::path& path) {
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
  return file_digest_of(text);
}

std::vector<Prediction> read_predictions(const std::filesystem::path& file, const std::string& split) {
  const MetadataTable table = read_csv(file);
  const size_t id = column(table, "id"), label = column(table, "label"), prediction = column(table, "prediction");
  const size_t of = column(table, "split");
  std::vector<Prediction> result;
  for (const MetadataTable::Row& row : table.rows) {
    if (row.fields[of] == split) result.push_back({row.fields[id], row.fields[label], row.fields[prediction]});
  }
  return result;
}

}  // namespace pdmp

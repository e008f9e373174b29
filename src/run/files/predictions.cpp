#include "run/files/predictions.h"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <limits>

#include "data/tables/csv.h"
#include "data/tables/spreadsheet_text.h"
#include "pdmp/error.h"

namespace pdmp::runs {
namespace {

size_t column(const std::vector<std::string>& columns, const std::string& name, const std::filesystem::path& file) {
  const auto found = std::find(columns.begin(), columns.end(), name);
  if (found != columns.end()) return static_cast<size_t>(found - columns.begin());
  throw Error(
      ErrorKind::data,
      fmt::format("{}:1: expected a column '{}', as predictions.csv of a run has it, found none", file.string(), name));
}

}  // namespace

PredictionSink PredictionsFile::of_split(const std::string& split, const Dataset& data) {
  if (!begun_) {
    begun_ = true;
    std::vector<std::string> header = {"id", "split", "label", "prediction"};
    for (const std::string& name : data.classes()) header.push_back("probability_" + name);
    append(data::csv_record(header));
  }
  next_ = 0;
  return [this, split, &data](const Tensor& predictions, const Tensor& probabilities) {
    add(split, data, predictions, probabilities);
  };
}

void PredictionsFile::add(const std::string& split, const Dataset& data, const Tensor& predictions,
                          const Tensor& probabilities) {
  const std::vector<std::string>& classes = data.classes();
  const auto said = predictions.accessor<int64_t, 1>();
  const auto values = probabilities.accessor<float, 2>();
  for (int64_t i = 0; i < values.size(0); ++i, ++next_) {
    const std::string& label = classes[static_cast<size_t>(data.label(next_))];
    const std::string& prediction = classes[static_cast<size_t>(said[i])];
    std::string record = data::csv_record({data::spreadsheet_text(data.id(next_)), split, data::spreadsheet_text(label),
                                           data::spreadsheet_text(prediction)});
    record.pop_back();  // the newline
    for (int64_t c = 0; c < values.size(1); ++c) fmt::format_to(std::back_inserter(record), ",{:.6f}", values[i][c]);
    append(record + "\n");
  }
}

void PredictionsFile::append(const std::string& text) {
  bytes_ += text.size();
  digest_.add(text);
  file_.append(text);
}

FileDigest PredictionsFile::commit() {
  file_.commit();
  return {bytes_, digest_.hex()};
}

std::vector<Prediction> read_predictions(const std::filesystem::path& file, const std::string& split) {
  size_t id = 0, label = 0, prediction = 0, of = 0;
  const data::CsvHeaderSink header = [&](const std::vector<std::string>& columns) {
    id = column(columns, "id", file);
    label = column(columns, "label", file);
    prediction = column(columns, "prediction", file);
    of = column(columns, "split", file);
  };
  std::vector<Prediction> result;
  const data::CsvRowSink row = [&](const data::MetadataTable::Row& found) {
    if (found.fields[of] != split) return;
    result.push_back({data::from_spreadsheet_text(found.fields[id]), data::from_spreadsheet_text(found.fields[label]),
                      data::from_spreadsheet_text(found.fields[prediction])});
  };
  data::scan_csv(file, std::numeric_limits<uint64_t>::max(), header, row);
  return result;
}

}  // namespace pdmp::runs

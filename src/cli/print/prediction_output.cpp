// Tables, JSON and CSV of predictions, written batch by batch: all of them can be more than memory holds.
#include "cli/print/prediction_output.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text/option_names.h"
#include "base/text/printable.h"
#include "base/text/text_table.h"
#include "data/tables/csv.h"
#include "data/tables/spreadsheet_text.h"

namespace pdmp::cli {
namespace {

class Table : public PredictionOutput {
 public:
  Table(const std::vector<std::string>& classes, std::ostream& out) : classes_(classes), out_(out) {}

  void add(const std::vector<Prediction>& batch) override {
    for (const Prediction& row : batch) {
      id_width_ = std::max(id_width_, display_width(fitted_name(row.id, kWidest)));
      if (row.problem.empty())
        class_width_ = std::max(class_width_, display_width(fitted_name(classes_[row.best], kWidest)));
    }
    for (const Prediction& row : batch) {
      const std::string id = padded(fitted_name(row.id, kWidest), id_width_);
      if (row.problem.empty()) {
        const std::string name = padded(fitted_name(classes_[row.best], kWidest), class_width_);
        out_ << fmt::format("{}  {}  {:.4f}\n", id, name, row.probability());
      } else {
        out_ << fmt::format("{}  no prediction: {}\n", id, message_line(with_flags(row.problem)));
      }
    }
  }

 private:
  static constexpr size_t kWidest = 64;

  static std::string padded(const std::string& text, size_t width) {
    return text + std::string(width - display_width(text), ' ');
  }

  const std::vector<std::string> classes_;
  std::ostream& out_;
  size_t id_width_ = 0, class_width_ = 0;
};

// Objects with their members in the order they were added.
using Json = nlohmann::ordered_json;

Json json_of(const Prediction& row, const std::vector<std::string>& classes) {
  if (!row.problem.empty()) return {{"id", row.id}, {"error", with_flags(row.problem)}};
  Json probabilities = Json::object();
  auto& members = probabilities.get_ref<Json::object_t&>();
  // The library would look for each name among all others.
  for (size_t c = 0; c < classes.size(); ++c) {
    members.emplace_back(classes[c], static_cast<double>(row.probabilities[c]));
  }
  return {{"id", row.id},
          {"class", classes[row.best]},
          {"probability", row.probability()},
          {"probabilities", std::move(probabilities)}};
}

// Names of files need not be UTF-8.
std::string text_of(const Json& value, int indent) {
  return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

class JsonList : public PredictionOutput {
 public:
  JsonList(const std::vector<std::string>& classes, std::ostream& out) : classes_(classes), out_(out) {}

  void add(const std::vector<Prediction>& batch) override {
    for (const Prediction& row : batch) {
      out_ << (any_ ? ",\n  " : "[\n  ");
      for (const char c : text_of(json_of(row, classes_), 2)) {
        out_ << c;
        if (c == '\n') out_ << "  ";  // as within the list
      }
      any_ = true;
    }
  }

  void finish() override { out_ << (any_ ? "\n]\n" : "[]\n"); }

 private:
  const std::vector<std::string> classes_;
  std::ostream& out_;
  bool any_ = false;
};

class JsonLines : public PredictionOutput {
 public:
  JsonLines(const std::vector<std::string>& classes, std::ostream& out) : classes_(classes), out_(out) {}

  void add(const std::vector<Prediction>& batch) override {
    for (const Prediction& row : batch) out_ << text_of(json_of(row, classes_), -1) << "\n" << std::flush;
  }

 private:
  const std::vector<std::string> classes_;
  std::ostream& out_;
};

class Csv : public PredictionOutput {
 public:
  Csv(const std::vector<std::string>& classes, std::ostream& out) : classes_(classes), out_(out) {
    std::vector<std::string> header = {"id", "prediction"};
    for (const std::string& name : classes) header.push_back("probability_" + name);
    header.emplace_back("error");
    out_ << data::csv_record(header);
  }

  void add(const std::vector<Prediction>& batch) override {
    for (const Prediction& row : batch) {
      std::vector<std::string> fields = {data::spreadsheet_text(row.id)};
      fields.resize(classes_.size() + 3);
      if (row.problem.empty()) {
        fields[1] = data::spreadsheet_text(classes_[row.best]);
        for (size_t c = 0; c < classes_.size(); ++c) {
          fields[c + 2] = fmt::format("{:.6f}", row.probabilities[c]);
        }
      }
      fields.back() = data::spreadsheet_text(with_flags(row.problem));
      out_ << data::csv_record(fields);
    }
    out_ << std::flush;
  }

 private:
  const std::vector<std::string> classes_;
  std::ostream& out_;
};

}  // namespace

std::unique_ptr<PredictionOutput> make_prediction_output(PredictionFormat format,
                                                         const std::vector<std::string>& classes, std::ostream& out) {
  switch (format) {
    case PredictionFormat::table:
      return std::make_unique<Table>(classes, out);
    case PredictionFormat::json:
      return std::make_unique<JsonList>(classes, out);
    case PredictionFormat::lines:
      return std::make_unique<JsonLines>(classes, out);
    case PredictionFormat::csv:
      return std::make_unique<Csv>(classes, out);
  }
  return nullptr;
}

}  // namespace pdmp::cli

// analysis.json (docs/run-directory.md).
#include "analysis/analysis_file.h"

#include <cmath>
#include <fmt/format.h>

#include "analysis/rank.h"
#include "base/files/checked_file.h"
#include "pdmp/error.h"

namespace pdmp {
namespace {

constexpr int kFormatVersion = 1;

using Json = nlohmann::json;

// {"audio": value, ...}; a figure that was not measured is null.
Json by_modality(const std::vector<std::string>& names, const std::vector<double>& values) {
  Json result = Json::object();
  for (size_t m = 0; m < names.size(); ++m) {
    result[names[m]] = m < values.size() && std::isfinite(values[m]) ? Json(values[m]) : Json();
  }
  return result;
}

Json stop_to_json(const StopEvidence& stop) {
  Json leads = Json::object();
  for (const auto& [modality, lead] : stop.leads) leads[modality] = {lead.low, lead.high};
  return {{"rule", stop.rule},
          {"stopped_after", stop.stopped_after ? Json(*stop.stopped_after) : Json()},
          {"of", stop.of},
          {"evaluations", stop.evaluations},
          {"resamples", stop.resamples},
          {"leads", leads},
          {"forecast", stop.forecast}};
}

StopEvidence stop_from_json(const Json& value) {
  StopEvidence stop;
  value.at("rule").get_to(stop.rule);
  if (!value.at("stopped_after").is_null()) stop.stopped_after = value.at("stopped_after").get<int64_t>();
  value.at("of").get_to(stop.of);
  value.at("evaluations").get_to(stop.evaluations);
  value.at("resamples").get_to(stop.resamples);
  for (const auto& [modality, lead] : value.at("leads").items()) {
    stop.leads[modality] = {lead.at(0).get<double>(), lead.at(1).get<double>()};
  }
  value.at("forecast").get_to(stop.forecast);
  return stop;
}

// Reads fields and says which one is missing or wrong.
class Fields {
 public:
  Fields(const Json& value, const std::filesystem::path& path) : value_(value), path_(path) {
    if (!value.is_object()) fail("the file", "an object");
  }

  [[noreturn]] void fail(const std::string& field, const std::string& expected) const {
    throw Error(ErrorKind::data,
                fmt::format("{}: {} should be {}; run `pdmp analyze` again", path_.string(), field, expected));
  }

  template <class T>
  T get(const char* name, const char* expected) const {
    try {
      return value_.at(name).get<T>();
    } catch (const Json::exception&) {
      fail(fmt::format("field '{}'", name), expected);
    }
  }

  int64_t modality(const char* name, const std::vector<std::string>& names) const {
    const auto found = get<std::string>(name, "the name of a modality");
    for (size_t m = 0; m < names.size(); ++m) {
      if (names[m] == found) return static_cast<int64_t>(m);
    }
    fail(fmt::format("field '{}' is '{}' and", name, found), "one of its modalities");
  }

  std::vector<double> figures(const char* name, const std::vector<std::string>& names) const {
    const auto object = get<std::map<std::string, Json>>(name, "an object with a number per modality");
    std::vector<double> values;
    for (const std::string& modality : names) {
      const auto entry = object.find(modality);
      if (entry == object.end() || !(entry->second.is_number() || entry->second.is_null())) {
        fail(fmt::format("field '{}.{}'", name, modality), "a number");
      }
      values.push_back(entry->second.is_null() ? std::nan("") : entry->second.get<double>());
    }
    return values;
  }

 private:
  const Json& value_;
  const std::filesystem::path& path_;
};

void read_curves(AnalysisResult& result, const Fields& fields) {
  const auto curves = fields.get<std::map<std::string, std::vector<double>>>("curves", "an object of number lists");
  if (curves.empty()) return;
  const std::vector<std::string>& names = result.ranking.modalities;
  const std::vector<double> se = fields.figures("final_se", names), loss = fields.figures("final_loss", names);
  const std::vector<double> early = fields.figures("unimodal_early", names),
                            early_se = fields.figures("early_se", names);
  for (size_t m = 0; m < names.size(); ++m) {
    const auto curve = curves.find(names[m]);
    if (curve == curves.end()) fields.fail(fmt::format("field 'curves.{}'", names[m]), "a list of numbers");
    result.curves.push_back({.score = curve->second,
                             .final_score = result.ranking.final[m],
                             .final_se = se[m],
                             .final_loss = loss[m],
                             .early = early[m],
                             .early_se = early_se[m]});
  }
}

}  // namespace

Json analysis::to_json(const AnalysisResult& result) {
  const ModalityRanking& ranking = result.ranking;
  Json curves = Json::object();
  std::vector<double> final_se, final_loss, early, early_se;
  for (size_t m = 0; m < result.curves.size(); ++m) {
    const UnimodalCurve& curve = result.curves[m];
    curves[ranking.modalities[m]] = curve.score;
    final_se.push_back(curve.final_se);
    final_loss.push_back(curve.final_loss);
    early.push_back(curve.early);
    early_se.push_back(curve.early_se);
  }
  const auto& names = ranking.modalities;
  return {
      {"format_version", kFormatVersion},
      {"modalities", names},
      {"performance_dominant", names[static_cast<size_t>(ranking.performance_dominant)]},
      {"optimization_dominant", names[static_cast<size_t>(ranking.optimization_dominant)]},
      {"ambiguous", ranking.ambiguous},
      {"curves", curves},
      {"final", by_modality(names, ranking.final)},
      {"final_se", by_modality(names, final_se)},
      {"final_loss", by_modality(names, final_loss)},
      {"early", by_modality(names, ranking.early)},
      {"unimodal_early", by_modality(names, early)},
      {"early_se", by_modality(names, early_se)},
      {"margins", {{"performance", result.performance_margin}, {"optimization", result.optimization_margin}}},
      {"crossing_epoch", result.crossing_epoch ? Json(*result.crossing_epoch) : Json()},
      {"metric", result.metric},
      {"criterion", result.criterion},
      {"other_criteria", result.other_criteria},
      {"end_mode", result.end_mode},
      {"subset", result.subset},
      {"evaluated_on", result.evaluated_on},
      {"n_train", result.n_train},
      {"n_eval", result.n_eval},
      {"epochs", result.epochs},
      {"early_points", result.early_points},
      {"settings", result.settings},
      {"stop", stop_to_json(result.stop)},
  };
}

void write_analysis(const AnalysisResult& result, const std::filesystem::path& path) {
  write_checked_json(path, analysis::to_json(result));
}

AnalysisResult read_analysis(const std::filesystem::path& path) {
  const Json value = read_checked_json(
      path,
      "restore it, or delete it and run `pdmp analyze` again (where the change is meant, delete its field 'digest')");
  const Fields fields(value, path);
  if (fields.get<int>("format_version", "a number") != kFormatVersion) {
    fields.fail("field 'format_version'", fmt::format("{}, the one this program reads,", kFormatVersion));
  }
  AnalysisResult result;
  ModalityRanking& ranking = result.ranking;
  ranking.modalities = fields.get<std::vector<std::string>>("modalities", "a list of names");
  if (ranking.modalities.empty()) fields.fail("field 'modalities'", "a list of at least one name");
  ranking.performance_dominant = fields.modality("performance_dominant", ranking.modalities);
  ranking.optimization_dominant = fields.modality("optimization_dominant", ranking.modalities);
  ranking.ambiguous = fields.get<std::string>("ambiguous", "a text");
  ranking.final = fields.figures("final", ranking.modalities);
  ranking.early = fields.figures("early", ranking.modalities);
  read_curves(result, fields);
  const auto margins = fields.get<std::map<std::string, double>>("margins", "an object of numbers");
  if (!margins.contains("performance") || !margins.contains("optimization")) {
    fields.fail("field 'margins'", "an object of performance and optimization");
  }
  result.performance_margin = margins.at("performance");
  result.optimization_margin = margins.at("optimization");
  const auto crossing = fields.get<Json>("crossing_epoch", "an epoch or null");
  if (crossing.is_number_integer()) result.crossing_epoch = crossing.get<int64_t>();
  if (value.contains("metric")) result.metric = fields.get<std::string>("metric", "the name of a metric");
  result.criterion = fields.get<std::string>("criterion", "the name of a criterion");
  result.other_criteria = fields.get<std::map<std::string, std::string>>("other_criteria", "an object of names");
  result.end_mode = fields.get<std::string>("end_mode", "the name of an end mode");
  result.subset = fields.get<double>("subset", "a number");
  result.evaluated_on = fields.get<std::string>("evaluated_on", "a text");
  result.n_train = fields.get<int64_t>("n_train", "a whole number");
  result.n_eval = fields.get<int64_t>("n_eval", "a whole number");
  result.epochs = fields.get<int64_t>("epochs", "a whole number");
  result.early_points = fields.get<int64_t>("early_points", "a whole number");
  result.settings = fields.get<std::string>("settings", "a text");
  try {
    // Older files have none, and ended at their last epoch.
    if (value.contains("stop")) result.stop = stop_from_json(value.at("stop"));
  } catch (const Json::exception&) {
    fields.fail("field 'stop'", "an object as docs/run-directory.md has it");
  }
  return result;
}

}  // namespace pdmp

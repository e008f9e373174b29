// Deciding who leads, from figures per modality (methods-modulation 1.3).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pdmp/analysis.h"

namespace pdmp::analysis {

// How the end of a curve becomes one number.
struct EndMode {
  const char* name;
  double (*aggregate)(const std::vector<double>& curve);  // of at least one point
};
const std::vector<EndMode>& end_mode_table();
double aggregate_end(const std::vector<double>& curve, const std::string& mode);  // Error{usage} on an unknown mode

// What is known of the modalities' beginnings, per modality.
struct EarlyEvidence {
  std::vector<double> unimodal;            // AnalysisResult::metric of the first epochs, trained alone
  std::vector<double> branch, dependency;  // of a short joint run; empty where there was none
};

// A way to find the optimization-dominant modality.
struct EarlyCriterion {
  const char* name;
  std::vector<double> EarlyEvidence::*figures;  // null: the user names the modalities, nothing is trained
  bool needs_probe;                             // a short joint run
  bool is_accuracy;                             // its figures have a binomial standard error
};
const std::vector<EarlyCriterion>& early_criterion_table();
const EarlyCriterion& find_early_criterion(const std::string& name);  // Error{usage} with the nearest spelling

double standard_error(double accuracy, int64_t n);  // sqrt(a (1 - a) / n), 0 for n = 0
int64_t early_points(int64_t epochs);               // max(2, 5 %), at most all
double mean_of_first(const std::vector<double>& curve, int64_t points);

struct Leader {
  int64_t index = 0;
  double margin = 0;  // to the runner-up; 0 where there is none
  bool ambiguous = false;
};
// Largest of `figures`; ties to the lower loss, then to the first. n: samples behind an accuracy, 0 = no standard
// error.
Leader find_leader(const std::vector<double>& figures, const std::vector<double>& final_loss, int64_t n);

// Replaces the beginning of a ranking made from unimodal curves by what `criterion` says, and notes what others say.
void apply_criterion(AnalysisResult& result, const EarlyCriterion& criterion, const EarlyEvidence& evidence);

// Puts "performance" and "optimization" together for ModalityRanking::ambiguous.
std::string ambiguity(bool performance, bool optimization);

}  // namespace pdmp::analysis

// A comparison as `complete` leaves one, in memory.
#pragma once

#include <string>
#include <vector>

#include "compare/comparison.h"

namespace pdmp::testing {

inline ComparisonRow scored(const std::string& name, const std::string& fusion, const std::vector<double>& accuracy) {
  ComparisonRow row;
  row.name = name;
  row.method = "joint";
  row.fusion = fusion;
  row.modalities = {"picture", "sound"};
  row.runs = {"out/" + name + "/seed0", "out/" + name + "/seed1"};
  row.scores["accuracy"] = accuracy;
  row.scores["macro_f1"] = {.5, .5};
  row.scores["calibration_error"] = {.125, .125};
  row.validation_accuracy = {.75, .85};
  row.branch_accuracy = {{.4, .6}, {.3, .3}};
  row.dependency = {{.75, .75}, {.25, .25}};
  row.epoch_seconds = {2, 4};
  row.peak_memory = {1500000000, 1250000000};
  return row;
}

inline ComparisonRow alone() {
  ComparisonRow row = scored("picture alone", "", {.4, .4});
  row.modalities = {"picture"};
  row.branch_accuracy = {{.4, .4}};
  row.dependency = {{1, 1}};
  row.rank = 3;
  return row;
}

inline ComparisonRow reference(const std::string& fusion = "concat") {
  ComparisonRow row = scored("joint", fusion, {.7, .7});
  row.rank = 2;
  row.indistinguishable = true;
  row.against_unimodal = {{.3, .2, .4, .0001}, .0002, {{1, 6, .125}, {0, 9, .00390625}}, {.125, .0078125}};
  return row;
}

inline ComparisonRow best(const std::string& fusion = "concat") {
  ComparisonRow row = scored("pdmp:gamma=5", fusion, {.7, .8});
  row.method = "pdmp";
  row.against_reference = {{.05, -.0125, .1, .02}, .04, {{3, 3, 1}, {0, 9, .00390625}}, {1, .0078125}};
  row.against_unimodal = {{.35, .25, .45, .0001}, .0002, {{1, 6, .125}, {0, 9, .00390625}}, {.125, .0078125}};
  row.relative_time = 1.25;
  row.rank = 1;
  row.best = row.indistinguishable = true;
  return row;
}

inline ComparisonRow refused() {
  ComparisonRow row;
  row.name = "mla";
  row.method = "mla";
  row.fusion = "concat";
  row.refusal = "it has a fusion | of its own";
  return row;
}

inline Comparison example() {
  Comparison comparison;
  comparison.data = "stamps";
  comparison.selected_by = "validation";
  comparison.reference = "joint";
  comparison.best_unimodal = "picture alone";
  comparison.modalities = {"picture", "sound"};
  comparison.seeds = {0, 1};
  comparison.classes = 4;
  comparison.n_train = 6000;
  comparison.n_test = 750;
  comparison.majority = .3;
  comparison.resamples = 10000;
  comparison.notes = {"mla trains on 90 % of train"};
  comparison.rows = {alone(), reference(), best(), refused()};
  return comparison;
}

}  // namespace pdmp::testing

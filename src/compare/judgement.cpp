// Ranks and tests of a comparison: every pair is judged on the same resamples.
#include "compare/judgement.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <map>
#include <numeric>
#include <utility>

#include "metrics/metric.h"

namespace pdmp::comparing {
namespace {

constexpr uint64_t kBootstrapSeed = 0;

// rows[better] against rows[other]; `target` is where the result goes.
struct Pair {
  size_t better, other;
  std::optional<Contrast>* target;
};

class Judge {
 public:
  Judge(Comparison& comparison, const std::vector<RowRuns>& runs)
      : comparison_(comparison), runs_(runs), by_accuracy_(find_metric(comparison.select_metric).is_share_of_samples) {
    for (size_t i = 0; i < runs.size(); ++i) {
      if (comparison.rows[i].has_scores()) members_.push_back(i);
    }
  }

  void rank() {
    std::vector<double> merits;  // by accuracy whole numbers: the same for the same mean
    for (const size_t i : members_) {
      merits.push_back(by_accuracy_ ? static_cast<double>(hits_of(i)) : runs_[i].test_merit);
    }
    const std::vector<double> places = metrics::ranks(merits);
    for (size_t k = 0; k < members_.size(); ++k) {
      if (std::isnan(merits[k])) continue;  // the metric is undefined on the test split
      row(members_[k]).rank = places[k];
      row(members_[k]).best =
          std::none_of(merits.begin(), merits.end(), [&](double other) { return other > merits[k]; });
    }
    for (const size_t i : members_) {
      row(i).indistinguishable = row(i).best || (by_accuracy_ && is_near_a_best(i));
    }
  }

  void choose_unimodal() {
    std::optional<size_t> best;
    size_t candidates = 0;
    bool validated = true;
    for (const size_t i : members_) {
      if (!is_unimodal(row(i))) continue;
      ++candidates;
      validated = validated && row(i).validation_accuracy.size() == comparison_.seeds.size();
      if (!best || validation_merit(i) > validation_merit(*best)) best = i;
    }
    if (!best) return;
    if (candidates > 1 && !validated) {
      comparison_.notes.push_back(fmt::format(
          "no unimodal model is called the best: there is no validation split to choose it on, and the test split must "
          "not choose; --reference \"{}\" compares with that one",
          row(*best).name));
      return;
    }
    comparison_.best_unimodal = row(*best).name;
  }

  void contrast_with_reference() {
    if (comparison_.reference.empty()) return;
    std::vector<std::string> fusions;
    for (const size_t i : members_) {
      if (row(i).name != comparison_.reference) continue;
      if (is_unimodal(row(i))) return contrast_with_reference(i, members_);
      if (std::find(fusions.begin(), fusions.end(), row(i).fusion) != fusions.end()) continue;
      fusions.push_back(row(i).fusion);
      contrast_with_reference(i, on_fusion(row(i).fusion));
    }
  }

  void contrast_with_unimodal() {
    const auto best = std::find_if(members_.begin(), members_.end(), [this](size_t i) {
      return is_unimodal(row(i)) && row(i).name == comparison_.best_unimodal;
    });
    if (best == members_.end()) return;
    std::vector<Pair> family;
    for (const size_t i : members_) {
      if (!is_unimodal(row(i))) family.push_back({i, *best, &row(i).against_unimodal});
    }
    contrast(family);
  }

  void contrast_with_controls() {
    for (const size_t treated : members_) {
      std::vector<Pair> family;
      for (const size_t i : on_fusion(row(treated).fusion)) {
        for (ControlRole& role : row(i).controls) {
          if (role.of == row(treated).name) family.push_back({treated, i, &role.gain});
        }
      }
      contrast(family);
    }
  }

  void mark_idle_methods() {
    for (const size_t i : members_) {
      if (is_unimodal(row(i)) || row(i).method == "joint" || runs_[i].traces.empty()) continue;
      for (const size_t joint : on_fusion(row(i).fusion)) {
        if (row(joint).method != "joint" || runs_[joint].traces != runs_[i].traces) continue;
        row(i).never_acted = row(joint).name;
        break;
      }
    }
  }

 private:
  ComparisonRow& row(size_t i) { return comparison_.rows[i]; }

  std::vector<size_t> on_fusion(const std::string& fusion) {
    std::vector<size_t> result;
    for (const size_t i : members_) {
      if (!is_unimodal(row(i)) && row(i).fusion == fusion) result.push_back(i);
    }
    return result;
  }

  int64_t hits_of(size_t i) const {
    int64_t hits = 0;
    for (const std::vector<uint8_t>& seed : runs_[i].hits) hits += std::count(seed.begin(), seed.end(), 1);
    return hits;
  }

  double validation_merit(size_t i) const {
    return by_accuracy_ ? static_cast<double>(runs_[i].validation_hits) : runs_[i].validation_merit;
  }

  bool is_near_a_best(size_t i) {
    return std::any_of(members_.begin(), members_.end(), [&](size_t best) {
      if (!row(best).best) return false;
      const Difference& behind = difference(i, best);
      return behind.low <= 0 && behind.high >= 0;
    });
  }

  void contrast_with_reference(size_t reference, const std::vector<size_t>& rows) {
    const double seconds = metrics::mean_sd(row(reference).epoch_seconds).mean;
    std::vector<Pair> family;
    for (const size_t i : rows) {
      if (i == reference) continue;
      family.push_back({i, reference, &row(i).against_reference});
      if (seconds > 0) row(i).relative_time = metrics::mean_sd(row(i).epoch_seconds).mean / seconds;
    }
    contrast(family);
  }

  const Difference& difference(size_t better, size_t other) {
    const auto [known, is_new] = differences_.try_emplace({better, other});
    if (is_new) {
      known->second =
          metrics::paired_bootstrap(runs_[other].hits, runs_[better].hits, comparison_.resamples, kBootstrapSeed);
    }
    return known->second;
  }

  // One family of tests: p-values are corrected for there being several.
  void contrast(const std::vector<Pair>& family) {
    std::vector<double> values;
    for (const Pair& pair : family) {
      Contrast& result = pair.target->emplace();
      result.difference = difference(pair.better, pair.other);
      for (size_t s = 0; s < comparison_.seeds.size(); ++s) {
        result.mcnemar.push_back(metrics::mcnemar(runs_[pair.other].hits[s], runs_[pair.better].hits[s]));
      }
      values.push_back(result.difference.p);
    }
    const std::vector<double> corrected = metrics::holm(values);
    for (size_t k = 0; k < family.size(); ++k) (*family[k].target)->p_holm = corrected[k];
    for (size_t s = 0; s < comparison_.seeds.size(); ++s) correct_mcnemar(family, s);
  }

  static void correct_mcnemar(const std::vector<Pair>& family, size_t s) {
    std::vector<double> values;
    for (const Pair& pair : family) values.push_back((*pair.target)->mcnemar[s].p);
    const std::vector<double> corrected = metrics::holm(values);
    for (size_t k = 0; k < family.size(); ++k) (*family[k].target)->mcnemar_holm.push_back(corrected[k]);
  }

  Comparison& comparison_;
  const std::vector<RowRuns>& runs_;
  bool by_accuracy_;
  std::vector<size_t> members_;  // rows with runs
  std::map<std::pair<size_t, size_t>, Difference> differences_;
};

}  // namespace

void judge(Comparison& comparison, const std::vector<RowRuns>& runs) {
  Judge judge(comparison, runs);
  judge.rank();
  judge.choose_unimodal();
  judge.contrast_with_reference();
  judge.contrast_with_unimodal();
  judge.contrast_with_controls();
  judge.mark_idle_methods();
}

}  // namespace pdmp::comparing

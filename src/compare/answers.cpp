// What a comparison says, in sentences.
#include "compare/answers.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace pdmp::comparing {
namespace {

constexpr const char* kBelow = "below the best single modality";

const ComparisonRow* find_unimodal(const Comparison& comparison) {
  for (const ComparisonRow& row : comparison.rows) {
    if (is_unimodal(row) && row.name == comparison.best_unimodal && row.has_scores()) return &row;
  }
  return nullptr;
}

// "joint by +0.096, pdmp by +0.057" of the methods whose verdict is one of `verdicts`.
std::string methods_text(const Comparison& comparison, const std::vector<Verdict>& verdicts) {
  std::vector<std::string> methods;
  for (const ComparisonRow& row : comparison.rows) {
    if (!row.against_unimodal) continue;
    if (std::find(verdicts.begin(), verdicts.end(), verdict(*row.against_unimodal)) == verdicts.end()) continue;
    methods.push_back(fmt::format("{} by {:+.3f}", row_name(row, comparison), row.against_unimodal->difference.mean));
  }
  return fmt::format("{}", fmt::join(methods, ", "));
}

// Why a unimodal model is the best one.
std::string chosen_by(const Comparison& comparison) {
  const auto unimodal = std::count_if(comparison.rows.begin(), comparison.rows.end(), is_unimodal);
  return unimodal == 1 ? "the only one" : "chosen on validation";
}

struct Controls {
  std::vector<std::string> gains;       // "+0.010 [-0.050, +0.040] over every encoder × 15"
  std::vector<std::string> resultless;  // names of controls whose training failed
  bool all_better = true, any_worse = false;
};

// What the control is, and its row where that is called otherwise.
std::string name_of(const ControlRole& role, const ComparisonRow& row) {
  return role.what == row.name ? role.what : fmt::format("{} ({})", role.what, row.name);
}

Controls controls_of(const Comparison& comparison, const ComparisonRow& treated) {
  Controls controls;
  for (const ComparisonRow& row : comparison.rows) {
    if (row.fusion != treated.fusion) continue;
    for (const ControlRole& role : row.controls) {
      if (role.of != treated.name) continue;
      if (!role.gain) {
        controls.resultless.push_back(role.what);
        continue;
      }
      const Verdict result = verdict(*role.gain);
      controls.gains.push_back(fmt::format("{} over {}", difference_text(role.gain->difference), name_of(role, row)));
      controls.all_better = controls.all_better && result == Verdict::better;
      controls.any_worse = controls.any_worse || result == Verdict::worse;
    }
  }
  return controls;
}

std::string conclusion(const ComparisonRow& treated, const Controls& controls) {
  if (treated.no_lead) {
    return "but it multiplies every encoder alike here, so that no modality leads and nothing is shown of leading";
  }
  if (controls.any_worse) return "so a larger learning rate for all does better here than letting one modality lead";
  if (controls.all_better) {
    return "so letting one modality lead does more here than a larger learning rate for all";
  }
  return "so it is not shown here that letting one modality lead does more than a larger learning rate for all";
}

std::string control_answer(const std::string& name, const ComparisonRow& treated, const Controls& controls) {
  if (controls.gains.empty()) {
    return fmt::format("The controls of {} have no result ({}), so nothing is shown of why it does what it does.", name,
                       fmt::join(controls.resultless, "; "));
  }
  const std::string missing =
      controls.resultless.empty() ? "" : fmt::format(" ({} has no result)", fmt::join(controls.resultless, ", "));
  return fmt::format("{} against its control{}: {}{}, {}.", name, controls.gains.size() == 1 ? "" : "s",
                     fmt::join(controls.gains, " and "), missing, conclusion(treated, controls));
}

}  // namespace

std::string row_name(const ComparisonRow& row, const Comparison& comparison) {
  const bool several = std::any_of(comparison.rows.begin(), comparison.rows.end(), [&](const ComparisonRow& other) {
    return !is_unimodal(other) && other.fusion != row.fusion;
  });
  return several && !is_unimodal(row) ? fmt::format("{} ({})", row.name, row.fusion) : row.name;
}

std::string unimodal_answer(const Comparison& comparison) {
  const ComparisonRow* best = find_unimodal(comparison);
  const std::string better = methods_text(comparison, {Verdict::better});
  const std::string above = methods_text(comparison, {Verdict::above, Verdict::equal});
  const std::string below = methods_text(comparison, {Verdict::below});
  const std::string worse = methods_text(comparison, {Verdict::worse});
  if (best == nullptr || (better + above + below + worse).empty()) return "";
  std::string text = fmt::format("The best single modality is {} ({:.3f} on test; {}). ", best->name,
                                 metrics::mean_sd(best->accuracy()).mean, chosen_by(comparison));
  text += better.empty() ? "No method is shown to beat it." : fmt::format("It is beaten by {}.", better);
  if (!above.empty()) text += fmt::format(" At or above it, but within chance: {}.", above);
  if (!below.empty()) text += fmt::format(" ↓ Below the best single modality, within chance: {}.", below);
  if (!worse.empty()) text += fmt::format(" ⇓ Significantly below the best single modality: {}.", worse);
  return text;
}

std::vector<std::string> control_answers(const Comparison& comparison) {
  std::vector<std::string> answers;
  for (const ComparisonRow& row : comparison.rows) {
    if (is_unimodal(row) || !row.has_scores()) continue;
    const Controls controls = controls_of(comparison, row);
    if (controls.gains.empty() && controls.resultless.empty()) continue;
    answers.push_back(control_answer(row_name(row, comparison), row, controls));
  }
  return answers;
}

std::vector<std::string> idle_answers(const Comparison& comparison) {
  std::vector<std::string> answers;
  for (const ComparisonRow& row : comparison.rows) {
    if (row.never_acted.empty()) continue;
    answers.push_back(fmt::format("{} never acted: equal to {} (every loss and prediction is the same)",
                                  row_name(row, comparison), row.never_acted));
  }
  return answers;
}

std::vector<std::string> answers(const Comparison& comparison) {
  std::vector<std::string> result = control_answers(comparison), idle = idle_answers(comparison);
  if (std::string answer = unimodal_answer(comparison); !answer.empty())
    result.insert(result.begin(), std::move(answer));
  result.insert(result.end(), idle.begin(), idle.end());
  return result;
}

std::string below_mark(const ComparisonRow& row) {
  if (!row.against_unimodal) return "";
  const Verdict result = verdict(*row.against_unimodal);
  if (result == Verdict::worse) return std::string("significantly ") + kBelow;
  return result == Verdict::below ? kBelow : "";
}

std::string difference_text(const Difference& difference) {
  return fmt::format("{:+.3f} [{:+.3f}, {:+.3f}]", difference.mean, difference.low, difference.high);
}

}  // namespace pdmp::comparing

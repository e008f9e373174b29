// A comparison as the public interface has it.
#include "pdmp/compare.h"

#include "compare/comparison.h"
#include "compare/execute/comparison_run.h"

namespace pdmp {

const std::vector<double>& ComparisonRow::score(const std::string& metric) const {
  static const std::vector<double> none;
  const auto found = scores.find(metric);
  return found == scores.end() ? none : found->second;
}

Verdict verdict(const Contrast& contrast) {
  const double mean = contrast.difference.mean;
  const bool significant = contrast.p_holm < kSignificant;
  if (mean > 0) return significant ? Verdict::better : Verdict::above;
  if (mean < 0) return significant ? Verdict::worse : Verdict::below;
  return Verdict::equal;
}

Comparison compare(const ComparisonOptions& options) {
  comparing::ComparisonRun run(options);
  run.train();
  return run.comparison();
}

std::string comparison_text(const Comparison& comparison, const TextForm& form) {
  return comparing::as_text(comparison, form);
}

std::string comparison_markdown(const Comparison& comparison) { return comparing::as_markdown(comparison); }

std::string comparison_csv(const Comparison& comparison) { return comparing::as_csv(comparison); }

}  // namespace pdmp

#include "methods/parts/coefficients.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "pdmp/error.h"

namespace pdmp::methods {
namespace {

// Whether modality r, not the leading one, is slowed down.
bool literal_slows(const ModalityRanking& ranking, int64_t) {
  return ranking.optimization_dominant != ranking.performance_dominant;
}

bool per_modality_slows(const ModalityRanking& ranking, int64_t r) { return r == ranking.optimization_dominant; }

bool ranked_slows(const ModalityRanking& ranking, int64_t r) {
  const std::vector<double>& early = ranking.early;
  const bool known = early.size() == ranking.modalities.size() &&
                     std::none_of(early.begin(), early.end(), [](double accuracy) { return std::isnan(accuracy); });
  if (!known) {
    throw Error(
        ErrorKind::usage,
        "`pdmp.multi-policy` ranked needs the early accuracy of every modality, which a ranking by hand does not "
        "have; run the modality analysis with another `analysis.criterion`, or choose another policy");
  }
  return early[static_cast<size_t>(r)] > early[static_cast<size_t>(ranking.performance_dominant)];
}

// Of each PdmpMultiPolicy.
constexpr std::array kSlows = {literal_slows, per_modality_slows, ranked_slows};

double parse_coefficient(const std::string& modality, const std::string& text, const std::string& option) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value) || value <= 0) {
    throw Error(ErrorKind::usage, fmt::format("{}: '{}' needs a number above 0, found '{}'; write {}=2, say", option,
                                              modality, text, modality));
  }
  return value;
}

}  // namespace

std::vector<double> pdmp_coefficients(const ModalityRanking& ranking, double gamma, PdmpMultiPolicy policy) {
  const auto slows = kSlows.at(static_cast<size_t>(policy));
  std::vector<double> coefficients(ranking.modalities.size(), gamma);
  for (size_t r = 0; r < coefficients.size(); ++r) {
    const auto index = static_cast<int64_t>(r);
    if (index != ranking.performance_dominant && slows(ranking, index)) coefficients[r] = 1 / gamma;
  }
  return coefficients;
}

std::vector<double> manual_coefficients(const NameMap& coefficients, const std::vector<std::string>& modalities,
                                        const std::string& option) {
  for (const auto& [name, text] : coefficients) {
    if (std::find(modalities.begin(), modalities.end(), name) == modalities.end()) {
      throw Error(ErrorKind::usage, fmt::format("{} names '{}', which is no modality of this data set{}", option, name,
                                                suggestion(name, modalities)));
    }
  }
  std::vector<double> values;
  for (const std::string& modality : modalities) {
    const auto found = coefficients.find(modality);
    if (found == coefficients.end()) {
      throw Error(ErrorKind::usage,
                  fmt::format("{} must name every modality ({}), '{}' is missing; add {}=1 to leave it as "
                              "it is",
                              option, fmt::join(modalities, ", "), modality, modality));
    }
    values.push_back(parse_coefficient(modality, found->second, option));
  }
  return values;
}

void expect_own_encoders(Model& model, const char* method) {
  for (int64_t m = 0; m < model.modalities(); ++m) {
    for (int64_t other = 0; other < m; ++other) {
      if (&model.encoder(other) != &model.encoder(m)) continue;
      throw Error(
          ErrorKind::usage,
          fmt::format("modalities '{}' and '{}' share one encoder, so that neither has parameters of its own for "
                      "{} to scale; give each an encoder (`encoders`), or use `method` joint",
                      model.infos()[static_cast<size_t>(other)].name, model.infos()[static_cast<size_t>(m)].name,
                      method));
    }
  }
}

}  // namespace pdmp::methods

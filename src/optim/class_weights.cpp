#include "optim/class_weights.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fmt/format.h>
#include <vector>

#include "pdmp/error.h"

namespace pdmp::optim {
namespace {

// Every class has the same total weight, and the mean weight over the samples is 1.
Tensor balanced_weights(const Dataset& train) {
  const auto classes = static_cast<int64_t>(train.classes().size());
  Tensor counts = at::zeros({classes}, at::kDouble);
  auto count = counts.accessor<double, 1>();
  for (int64_t i = 0; i < train.size(); ++i) count[train.label(i)] += 1;
  const Tensor weights = static_cast<double>(train.size()) / (static_cast<double>(classes) * counts);
  return at::where(counts > 0, weights, at::zeros_like(weights));
}

[[noreturn]] void refuse(const std::string& text, const Dataset& train) {
  throw Error(ErrorKind::usage,
              fmt::format("`class-weights`: expected none, balanced, or a number from 0 on for each of {} classes in "
                          "the order of the data set (1,2,0.5), not all 0; found '{}'",
                          train.classes().size(), text));
}

double parse_weight(const std::string& item, const std::string& text, const Dataset& train) {
  double value = 0;
  const auto [end, error] = std::from_chars(item.data(), item.data() + item.size(), value);
  if (error != std::errc() || end != item.data() + item.size() || !std::isfinite(value) || value < 0) {
    refuse(text, train);
  }
  return value;
}

Tensor listed_weights(const std::string& text, const Dataset& train) {
  std::vector<double> weights;
  for (size_t start = 0; start <= text.size();) {
    const size_t end = std::min(text.find(',', start), text.size());
    weights.push_back(parse_weight(text.substr(start, end - start), text, train));
    start = end + 1;
  }
  const bool some = std::any_of(weights.begin(), weights.end(), [](double weight) { return weight > 0; });
  if (weights.size() != train.classes().size() || !some) refuse(text, train);
  return at::tensor(weights, at::kDouble);
}

}  // namespace

Tensor class_weights(const std::string& text, const Dataset& train) {
  if (text == "none") return {};
  return text == "balanced" ? balanced_weights(train) : listed_weights(text, train);
}

}  // namespace pdmp::optim

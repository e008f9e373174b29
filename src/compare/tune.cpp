#include "compare/tune.h"

#include <cmath>
#include <filesystem>
#include <fmt/format.h>

#include "pdmp/error.h"
#include "pdmp/random.h"
#include "train/files/layout.h"

namespace pdmp::comparing {
namespace {

constexpr double kDecade = 10;

double draw(RandomStream& random, double low, double high, bool log_scale) {
  return log_scale ? std::exp(random.uniform(std::log(low), std::log(high))) : random.uniform(low, high);
}

}  // namespace

Settings draw_trial(const RunOptions& options, int64_t trial, uint64_t seed, double lr_factor) {
  if (trial == 0) return {};
  RandomStream random = random_stream(seed, fmt::format("tune/{}/{}", options.method.name(), trial));
  const double lr = options.train.optimizer.lr;
  Settings settings = {{"lr", fmt::format("{:.4g}", draw(random, lr / lr_factor, lr * lr_factor, true))}};
  RunOptions all = options;
  OptionList list;
  all.describe(list);
  for (const auto& option : list.all()) {
    if (!option->name().starts_with(options.method.name() + ".") || !option->search_range()) continue;
    const auto [low, high] = *option->search_range();
    const double value = draw(random, low, high, low > 0 && high >= kDecade * low);
    settings.emplace_back(option->name(),
                          option->is_whole() ? fmt::format("{:.0f}", value) : fmt::format("{:.4g}", value));
  }
  return settings;
}

const Trial& best_trial(const std::vector<Trial>& trials, const Metric& metric) {
  const Trial* best = nullptr;
  double merit = 0, loss = 0;
  for (const Trial& trial : trials) {
    if (!training::run_layout::is_finished(trial.run)) continue;
    const std::optional<Evaluation> val = read_summary(trial.run).val;
    if (!val || !std::isfinite(val->loss())) continue;
    const double found = metric.merit(val->score(metric.name));
    if (best != nullptr && (found < merit || (found == merit && val->loss() >= loss))) continue;
    best = &trial;
    merit = found;
    loss = val->loss();
  }
  if (best == nullptr) {
    throw Error(ErrorKind::data,
                fmt::format("{}: no trial has a validation score; a search needs a validation split and a smaller "
                            "`lr` or `tune-lr` where every trial diverged",
                            trials.at(0).run));
  }
  return *best;
}

std::string settings_text(const Settings& settings) {
  std::string text;
  for (const auto& [name, value] : settings) text += fmt::format("{}{}={}", text.empty() ? "" : ",", name, value);
  return text;
}

}  // namespace pdmp::comparing

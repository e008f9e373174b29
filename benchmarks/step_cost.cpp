// What a step of each method costs, next to a step of joint training of the same model, in one run: pairs of short
// trainings in turn, the median of their ratios. Prints a Markdown table beside the expected factor.
//
//   pdmp_step_cost [--batch N] [--side PIXELS] [--json] [NAME...]      methods; none: all
//
// --json: a line of JSON for each method.
#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>

#include "base/console.h"
#include "base/log.h"
#include "base/text/option_names.h"
#include "bench.h"
#include "pdmp/error.h"
#include "pdmp/memory.h"
#include "timed_method.h"

namespace {

using namespace pdmp;

int64_t batch_size = 16, side = 64;  // of the command line
bool as_json = false;

constexpr int64_t kClasses = 6, kWarmUp = 2, kTimed = 5;
constexpr int kRounds = 5;

std::vector<ModalityInfo> pictures() { return {{"a", "image", {3, side, side}}, {"b", "image", {3, side, side}}}; }

std::shared_ptr<const Dataset> random_pictures(int64_t samples) {
  std::vector<Tensor> inputs;
  for (size_t m = 0; m < 2; ++m) inputs.push_back(torch::randn({samples, 3, side, side}));
  std::vector<std::string> classes;
  for (int64_t c = 0; c < kClasses; ++c) classes.push_back(fmt::format("class {}", c));
  return std::make_shared<TensorDataset>(pictures(), classes, inputs, torch::arange(samples) % kClasses);
}

std::shared_ptr<Model> make_model(const std::string& fusion, const std::vector<ModalityInfo>& modalities) {
  ModelOptions options;
  if (modalities.size() > 1) options.fusion = fusion;
  return std::make_shared<Model>(modalities, kClasses, options, 0);
}

Trainer make_trainer(const std::string& fusion) {
  TrainOptions options;
  options.epochs = 1;
  options.batch_size = batch_size;
  options.workers = 0;
  options.log_every = 1000;
  const ModalityRanking ranking{{"a", "b"}, 1, 0, {0.5, 0.4}, {0.6, 0.8}, ""};
  Trainer trainer(options, ranking);
  trainer.make_model = [fusion] { return make_model(fusion, pictures()); };
  trainer.unimodal_model = [fusion](int64_t m) { return make_model(fusion, {pictures()[static_cast<size_t>(m)]}); };
  return trainer;
}

// The method at its defaults, but for what it does between epochs, which is not measured: as little as can be.
std::unique_ptr<Method> make_method(const MethodInfo& info) {
  const std::unique_ptr<MethodOptions> options = info.make_options();
  OptionList list;
  options->describe(list);
  for (const auto& option : list.all()) {
    if (option->name() == "super-epoch") option->set("1", "super-epoch");
  }
  return options->make();
}

// Seconds of a step of `info` on that fusion.
double step_seconds(const MethodInfo& info, const std::string& fusion, const TrainingData& data) {
  TimedMethod timed(make_method(info));
  make_trainer(fusion).fit(make_model(fusion, pictures()), timed, data);
  return median({timed.steps().begin() + kWarmUp, timed.steps().end()});
}

// The usual fusion, or the one a method is made for.
std::string fusion_for(const MethodInfo& info, const TrainingData& data) {
  for (const char* fusion : {"concat", "mmtm:heads=branch"}) {
    try {
      make_trainer(fusion).check(make_model(fusion, pictures()), *make_method(info), data);
      return fusion;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::usage) throw;
    }
  }
  throw Error(ErrorKind::usage, fmt::format("{} takes none of the models of this benchmark", info.name));
}

void print_row(const MethodInfo& info, const TrainingData& data) {
  const MethodInfo& joint = find_method("joint");
  const std::string fusion = fusion_for(info, data);
  std::vector<double> ratios;
  for (int round = 0; round < kRounds; ++round) {
    const bool first = round % 2 == 0;  // whoever comes second finds the machine warmer
    const double before = first ? step_seconds(joint, fusion, data) : 0;
    const double own = step_seconds(info, fusion, data);
    ratios.push_back(own / (first ? before : step_seconds(joint, fusion, data)));
  }
  std::sort(ratios.begin(), ratios.end());
  if (as_json) {
    const nlohmann::json line = {
        {"method", info.name}, {"fusion", fusion}, {"ratios", ratios}, {"expected", info.step_factor}};
    fmt::print("{}\n", line.dump());
    std::fflush(stdout);
    return;
  }
  const double ratio = ratios[ratios.size() / 2];
  fmt::print("| {} | {} | {:.2f} | {:.2f} - {:.2f} | {:.2f} | {} |\n", info.name, fusion, ratio, ratios.front(),
             ratios.back(), info.step_factor, ratio > 1.15 * info.step_factor ? "above it" : "");
  std::fflush(stdout);
}

}  // namespace

int main(int count, char** arguments) {
  pdmp::keep_freed_memory();  // as the program does
  install_console();
  set_log_level(LogLevel::warning);
  std::vector<std::string> names;
  for (int i = 1; i < count; ++i) {
    const std::string word = arguments[i];
    if ((word == "--batch" || word == "--side") && i + 1 < count) {
      (word == "--batch" ? batch_size : side) = std::max(1, std::atoi(arguments[++i]));
    } else if (word == "--json") {
      as_json = true;
    } else {
      names.push_back(word);
    }
  }
  if (names.empty()) {
    for (const MethodInfo& info : method_table()) names.emplace_back(info.name);
  }
  const TrainingData data{
      .train = random_pictures(batch_size * (kWarmUp + kTimed)), .val = random_pictures(batch_size), .test = {}};
  if (!as_json) {
    fmt::print("Two ResNet-18 encoders, {} pictures of {} x {} a step, SGD; median of {} pairs.\n\n", batch_size, side,
               side, kRounds);
    fmt::print("| method | fusion | step / joint | range | expected | |\n|---|---|---|---|---|---|\n");
  }
  try {
    for (const std::string& name : names) print_row(find_method(name), data);
  } catch (const Error& error) {
    fmt::print(stderr, "pdmp_step_cost: {}\n", with_flags(error.what()));
    return 1;
  }
  return 0;
}

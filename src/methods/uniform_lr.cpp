// Another learning rate for everything, or for whole modalities: the ablation that tells whether a gain of PDMP is one
// of its encoders alone. The rate only: weight decay keeps its strength relative to it, as with another --lr. A
// modality's factor reaches its encoder and its part of the head; what is shared has `factor` alone.
#include "pdmp/methods/uniform_lr.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "data/loader/modality_names.h"
#include "methods/methods.h"
#include "methods/parts/coefficients.h"
#include "pdmp/error.h"

namespace pdmp::methods {
namespace {

class UniformLr : public Method {
 public:
  explicit UniformLr(const UniformLrOptions& options) : options_(options) {}

  void prepare(PrepareContext& context, const OptimizerOptions& optimizer) override;
  std::vector<ParameterGroup> parameter_groups(Model& model, const OptimizerOptions& optimizer) override;
  std::vector<double> coefficients() const override { return coefficients_; }
  std::vector<std::string> notes() const override { return notes_; }
  void save(Archive& archive) const override;
  void load(const Archive& archive) override;

 private:
  UniformLrOptions options_;
  std::vector<double> coefficients_;  // empty: this run is `joint`
  std::vector<std::string> notes_;
};

void UniformLr::prepare(PrepareContext& context, const OptimizerOptions& optimizer) {
  const std::vector<std::string> names = data::modality_names(context.model().infos());
  std::vector<std::string> factors;
  notes_.clear();
  coefficients_.assign(names.size(), 1);
  if (!options_.factors.empty()) {
    coefficients_ = manual_coefficients(options_.factors, names, "`uniform_lr.factors`");
  }
  for (size_t m = 0; m < names.size(); ++m) {
    if (coefficients_[m] != 1 && context.model().modality_parameters(static_cast<int64_t>(m)).empty()) {
      throw Error(ErrorKind::usage,
                  fmt::format("`uniform_lr.factors`: the encoder of '{}' is not its own, so that it cannot have a "
                              "learning rate of its own; use {}=1, or give it an encoder (`encoders`)",
                              names[m], names[m]));
    }
    coefficients_[m] *= options_.factor;
    factors.push_back(fmt::format("{} x{:.4g}", names[m], coefficients_[m]));
  }
  factors.push_back(fmt::format("shared x{:.4g}", options_.factor));
  const bool same = std::all_of(coefficients_.begin(), coefficients_.end(), [](double c) { return c == 1; });
  if (same && options_.factor == 1) {
    notes_.emplace_back("every factor is 1: uniform_lr is joint training");
    coefficients_.clear();
    return;
  }
  notes_.push_back(
      fmt::format("uniform_lr multiplies the learning rate of {:.4g}: {}", optimizer.lr, fmt::join(factors, ", ")));
}

std::vector<ParameterGroup> UniformLr::parameter_groups(Model& model, const OptimizerOptions&) {
  std::vector<ParameterGroup> groups = default_groups(model);
  if (coefficients_.empty()) return groups;
  for (ParameterGroup& group : groups) {
    group.lr_scale = group.modality ? coefficients_[static_cast<size_t>(*group.modality)] : options_.factor;
  }
  return groups;
}

void UniformLr::save(Archive& archive) const {
  archive.values["coefficients"] = coefficients_;
  archive.values["factor"] = options_.factor;
}

// The factors come from the options; the saved ones only show whether these are still the same.
void UniformLr::load(const Archive& archive) {
  const auto saved = archive.value("coefficients", std::vector<double>());
  const double factor = archive.value("factor", 1.0);
  if (saved != coefficients_ || factor != options_.factor) {
    throw Error(ErrorKind::data,
                fmt::format("the checkpoint was trained with learning rates times ({}), shared {}, this run has ({}), "
                            "shared {}; resume with the same `uniform_lr` options",
                            fmt::join(saved, ", "), factor, fmt::join(coefficients_, ", "), options_.factor));
  }
}

}  // namespace

MethodInfo uniform_lr_method() {
  return {
      .name = UniformLrOptions::kMethod,
      .summary = "Another learning rate for everything or for whole modalities, head included; else joint.",
      .source = "PDMP, ablation in the discussion",
      .make_options = make_options<UniformLrOptions>,
      .description =
          "Joint training with another learning rate, for everything or modality by modality. It tells whether a "
          "gain of pdmp is one of fast encoders or only of a fast network.",
      .formula =
          "learning rate times factor;  of encoder m and its part of the head times factor factors_m\n"
          "L = CE(f)",
      .cost = "Nothing.",
      .step_factor = 1,
      .release = "",
  };
}

}  // namespace pdmp::methods

namespace pdmp {

void UniformLrOptions::describe(OptionList& list) {
  list.add("factor", &factor, "Factor on every learning rate; 1 is joint training.").above(0);
  list.add("factors", &factors,
           "Factor of every modality, times the other one (audio=1,visual=10); shared parameters have none.");
}

std::unique_ptr<Method> UniformLrOptions::make() const { return std::make_unique<methods::UniformLr>(*this); }

}  // namespace pdmp

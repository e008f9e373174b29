// What trains as pdmp does, without a leading modality.
#include "compare/controls.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>

#include "base/text/nested_text.h"
#include "compare/tune.h"
#include "methods/parts/coefficients.h"
#include "pdmp/methods/pdmp.h"

namespace pdmp::comparing {
namespace {

constexpr std::string_view kOwn = "pdmp.";
constexpr const char* kCoefficients = "pdmp.coefficients";

// A product of two decimal numbers as a person would write it: 0.1 x 3 is 0.3.
std::string decimal(double value) { return fmt::format("{:.12g}", value); }

// What pdmp puts on the encoders, before an analysis is known.
struct Factors {
  double leading = 1;
  bool alike = false;
};

Factors factors_of(const RunOptions& options, const std::vector<std::string>& modalities) {
  const auto pdmp = options.method.get<PdmpOptions>();
  if (pdmp.coefficients.empty()) return {pdmp.gamma, false};
  const std::vector<double> values = methods::manual_coefficients(pdmp.coefficients, modalities);
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  return {*most, *least == *most};
}

std::string coefficients_text(const std::vector<std::string>& modalities, double factor) {
  std::vector<std::string> items;
  for (const std::string& modality : modalities) items.push_back(modality + "=" + decimal(factor));
  return fmt::format("{}", fmt::join(items, ","));
}

// A value as --methods reads it: in brackets where it holds a separator and has no brackets or quotes of its own.
std::string typed_value(const std::string& value) {
  return is_enclosed(value) || value.find_first_of(",: ") == std::string::npos ? value : "[" + value + "]";
}

// As --methods reads it.
std::string typed(const Variant& variant) {
  std::string text = variant.method;
  const std::string prefix = variant.method + ".";
  for (const auto& [name, value] : variant.settings) {
    text += fmt::format(":{}={}", name.starts_with(prefix) ? name.substr(prefix.size()) : name, typed_value(value));
  }
  return text;
}

// The settings of `variant` that say neither which encoder leads nor by how much.
Settings other_settings(const Variant& variant) {
  Settings settings = variant.settings;
  std::erase_if(settings, [](const auto& setting) {
    return setting.first == "pdmp.gamma" || setting.first == "pdmp.multi-policy" || setting.first == kCoefficients;
  });
  return settings;
}

Variant encoders_control(const Variant& treated, const std::vector<std::string>& modalities, double factor) {
  Variant control{.name = "", .method = treated.method, .settings = other_settings(treated)};
  control.settings.emplace_back(kCoefficients, coefficients_text(modalities, factor));
  control.name = typed(control);
  control.controls = {
      {.of = treated.name, .what = "every encoder × " + decimal(factor), .of_encoders = true, .gain = {}}};
  return control;
}

Variant learning_rate_control(const Variant& treated, double lr, double factor) {
  Variant control{.name = "", .method = "joint", .settings = other_settings(treated)};
  std::erase_if(control.settings,
                [](const auto& setting) { return setting.first == "lr" || setting.first.starts_with(kOwn); });
  control.settings.emplace_back("lr", decimal(lr * factor));
  control.name = typed(control);
  control.controls = {
      {.of = treated.name, .what = "joint, learning rate × " + decimal(factor), .of_encoders = false, .gain = {}}};
  return control;
}

std::vector<Variant> controls_of(const Variant& treated, const RunOptions& base,
                                 const std::vector<std::string>& modalities) {
  if (treated.method != "pdmp" || modalities.size() < 2) return {};
  const RunOptions options = with_variant(base, treated);
  const Factors factors = factors_of(options, modalities);
  if (factors.leading <= 1 || factors.alike) return {};
  return {encoders_control(treated, modalities, factors.leading),
          learning_rate_control(treated, options.train.optimizer.lr, factors.leading)};
}

// The rows and runs of a grid that trains them, found by name, fusion and directory.
ComparisonRow* find_row(Grid& grid, const std::string& name, const std::string& fusion) {
  for (ComparisonRow& row : grid.comparison.rows) {
    if (row.name == name && row.fusion == fusion) return &row;
  }
  return nullptr;
}

GridRun& run_in(Grid& grid, const std::string& directory) {
  return *std::find_if(grid.methods.begin(), grid.methods.end(),
                       [&](const GridRun& run) { return run.options.run == directory; });
}

bool multiplies_alike(const RunOptions& options, const std::vector<std::string>& modalities,
                      const ModalityRanking* ranking) {
  const auto pdmp = options.method.get<PdmpOptions>();
  if (options.method.name() != PdmpOptions::kMethod || ranking == nullptr || !pdmp.coefficients.empty()) return false;
  if (ranking->modalities != modalities) return false;  // the run itself will say so
  const std::vector<double> values = methods::pdmp_coefficients(*ranking, pdmp.gamma, pdmp.multi_policy);
  return values[0] > 1 && std::all_of(values.begin(), values.end(), [&](double value) { return value == values[0]; });
}

// Whether `role` of a row on `fusion` asks for no training.
bool is_needless(Grid& grid, const ControlRole& role, const std::string& fusion) {
  const ComparisonRow* treated = find_row(grid, role.of, fusion);
  return treated == nullptr || !treated->refusal.empty() || (treated->no_lead && role.of_encoders);
}

void remove_added(Grid& grid, const ComparisonRow& row) {
  std::erase_if(grid.methods, [&](const GridRun& run) {
    return std::find(row.runs.begin(), row.runs.end(), run.options.run) != row.runs.end();
  });
}

// A reference that is not trained on any fusion is the row it would equal.
void replace_reference(Comparison& comparison, const std::map<std::string, std::string>& dropped) {
  const auto found = dropped.find(comparison.reference);
  const bool stays = std::any_of(comparison.rows.begin(), comparison.rows.end(),
                                 [&](const ComparisonRow& row) { return row.name == comparison.reference; });
  if (found == dropped.end() || stays) return;
  comparison.notes.push_back(
      fmt::format("--reference {}: {} stands for it, as it trains the same here", found->first, found->second));
  comparison.reference = found->second;
}

// The settings of a control whose treated run has these options.
Settings found_settings(const ControlRole& role, const RunOptions& treated,
                        const std::vector<std::string>& modalities) {
  const double factor = factors_of(treated, modalities).leading;
  if (role.of_encoders) return {{kCoefficients, coefficients_text(modalities, factor)}};
  return {{"lr", decimal(treated.train.optimizer.lr * factor)}};
}

}  // namespace

std::vector<Variant> with_controls(const std::vector<Variant>& variants, const RunOptions& base,
                                   const std::vector<std::string>& modalities) {
  std::vector<Variant> result = variants;
  const auto configuration = [&](const Variant& variant) { return config_toml(with_variant(base, variant)); };
  std::vector<std::string> known;
  for (const Variant& variant : variants) known.push_back(configuration(variant));
  for (const Variant& treated : variants) {
    size_t place = 1 + static_cast<size_t>(std::find_if(result.begin(), result.end(),
                                                        [&](const Variant& one) { return one.name == treated.name; }) -
                                           result.begin());
    for (Variant& control : controls_of(treated, base, modalities)) {
      const std::string own = configuration(control);
      const auto same = std::find(known.begin(), known.end(), own);
      if (same != known.end()) {
        result[static_cast<size_t>(same - known.begin())].controls.push_back(control.controls[0]);
        continue;
      }
      control.added_control = true;
      known.insert(known.begin() + static_cast<int64_t>(place), own);
      result.insert(result.begin() + static_cast<int64_t>(place), std::move(control));
      ++place;
    }
  }
  return result;
}

void drop_needless_controls(Grid& grid, const ModalityRanking* ranking) {
  std::vector<ComparisonRow>& rows = grid.comparison.rows;
  for (ComparisonRow& row : rows) {
    if (is_unimodal(row) || !row.refusal.empty() || row.method != "pdmp") continue;
    row.no_lead = multiplies_alike(run_in(grid, row.runs[0]).options, row.modalities, ranking);
  }
  std::map<std::string, std::string> dropped;  // added control -> the row it was to control
  for (ComparisonRow& row : rows) {
    const std::string of = row.controls.empty() ? "" : row.controls[0].of;
    std::erase_if(row.controls, [&](const ControlRole& role) { return is_needless(grid, role, row.fusion); });
    if (!row.added_control || !row.controls.empty()) continue;
    remove_added(grid, row);
    dropped[row.name] = of;
  }
  std::erase_if(rows, [](const ComparisonRow& row) { return row.added_control && row.controls.empty(); });
  replace_reference(grid.comparison, dropped);
}

void follow_search(Grid& grid) {
  for (ComparisonRow& row : grid.comparison.rows) {
    if (row.controls.empty() || !row.refusal.empty()) continue;
    if (!row.added_control) {
      row.controls.clear();
      continue;
    }
    row.controls.resize(1);  // several rows found settings of their own
    const ControlRole& role = row.controls[0];
    const ComparisonRow& treated = *find_row(grid, role.of, row.fusion);
    for (size_t k = 0; k < row.runs.size(); ++k) {
      const RunOptions& found = run_in(grid, treated.runs[k]).options;
      const Settings settings = found_settings(role, found, row.modalities);
      GridRun& run = run_in(grid, row.runs[k]);
      RunOptions options = with_variant(found, {.name = row.name, .method = row.method, .settings = settings});
      options.run = run.options.run;
      run.options = std::move(options);
      row.tuned = settings_text(settings);
    }
  }
}

}  // namespace pdmp::comparing

#include "compare/grid.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>

#include "data/loader/modality_names.h"
#include "pdmp/error.h"
#include "train/files/layout.h"

namespace pdmp::comparing {
namespace {

namespace fs = std::filesystem;

std::vector<uint64_t> seeds_of(const GridOptions& options) {
  std::vector<uint64_t> seeds;
  for (int64_t k = 0; k < options.seeds; ++k) seeds.push_back(options.run.train.seed + static_cast<uint64_t>(k));
  return seeds;
}

std::string seed_folder(uint64_t seed) { return fmt::format("seed{}", seed); }

std::vector<std::string> directories(const fs::path& folder, const std::vector<uint64_t>& seeds) {
  std::vector<std::string> result;
  for (const uint64_t seed : seeds) result.push_back((folder / seed_folder(seed)).string());
  return result;
}

bool has_other_batches(const TrainOptions& a, const TrainOptions& b) {
  return a.step_samples() != b.step_samples() || a.sampler != b.sampler;
}

// Each modality alone, once per encoder it has under the fusions.
class AloneRuns {
 public:
  AloneRuns(const GridOptions& options, const TrainingData& data)
      : options_(options), modalities_(data.train->modalities()), seeds_(seeds_of(options)) {}

  // Folders of the modalities' runs, per modality, for models of these options.
  NameMap folders(const RunOptions& run, const std::string& fusion) {
    NameMap result;
    for (const ModalityInfo& modality : modalities_)
      result[modality.name] = folder(run, fusion, modality.name).string();
    return result;
  }

  std::vector<GridRun> runs;
  std::vector<ComparisonRow> rows;

 private:
  fs::path folder(const RunOptions& run, const std::string& fusion, const std::string& modality) {
    const std::string encoder = alone_options(run, modalities_, modality, "").model.encoders[modality];
    const auto known = known_.find({modality, encoder});
    if (known != known_.end()) return known->second;
    const bool first =
        std::none_of(known_.begin(), known_.end(), [&](const auto& entry) { return entry.first.first == modality; });
    const std::string name = first ? modality : modality + ":" + fusion;
    const fs::path where = fs::path(options_.out) / "alone" / folder_name(name);
    add(run, modality, first ? modality + " alone" : fmt::format("{} alone ({})", modality, encoder), where);
    return known_[{modality, encoder}] = where;
  }

  void add(const RunOptions& run, const std::string& modality, const std::string& name, const fs::path& where) {
    for (const uint64_t seed : seeds_) {
      RunOptions one = alone_options(run, modalities_, modality, where / seed_folder(seed));
      one.train.seed = seed;
      if (one.train.keep == "none") one.train.keep = "best";  // teachers
      runs.push_back({fmt::format("{}, seed {}", name, seed), std::move(one), {}});
    }
    ComparisonRow row;
    row.name = name;
    row.method = "joint";
    row.modalities = {modality};
    row.runs = directories(where, seeds_);
    rows.push_back(std::move(row));
  }

  const GridOptions& options_;
  std::vector<ModalityInfo> modalities_;
  std::vector<uint64_t> seeds_;
  std::map<std::pair<std::string, std::string>, fs::path> known_;  // (modality, encoder)
};

// "alone:picture" is "picture alone".
std::string choose_reference(const std::string& wanted, const std::vector<ComparisonRow>& rows) {
  constexpr std::string_view kAlone = "alone:";
  std::vector<std::string> names;
  for (const ComparisonRow& row : rows) names.push_back(row.name);
  const auto named = [&](const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  if (wanted.empty()) return named("joint") ? "joint" : "";
  const std::string name = wanted.starts_with(kAlone) ? wanted.substr(kAlone.size()) + " alone" : wanted;
  if (named(name)) return name;
  throw Error(ErrorKind::usage,
              fmt::format("`reference`: expected one of `methods` or a modality alone (alone:NAME), found '{}'{}",
                          wanted, suggestion(name, names)));
}

void describe_data(Comparison& comparison, const GridOptions& options, const TrainingData& data) {
  const Dataset &train = *data.train, &test = *data.test;
  std::vector<int64_t> counts(train.classes().size());
  for (int64_t i = 0; i < train.size(); ++i) ++counts[static_cast<size_t>(train.label(i))];
  const int64_t majority = std::max_element(counts.begin(), counts.end()) - counts.begin();
  int64_t hits = 0;
  for (int64_t i = 0; i < test.size(); ++i) hits += test.label(i) == majority ? 1 : 0;
  comparison.data = options.run.data.data;
  comparison.modalities = data::modality_names(data.train->modalities());
  comparison.classes = static_cast<int64_t>(counts.size());
  comparison.n_train = train.size();
  comparison.n_test = test.size();
  comparison.majority = static_cast<double>(hits) / static_cast<double>(test.size());
}

ComparisonRow row_of(const Variant& variant, const std::string& fusion, const Comparison& comparison) {
  ComparisonRow row;
  row.name = variant.name;
  row.method = variant.method;
  row.fusion = fusion;
  row.controls = variant.controls;
  row.added_control = variant.added_control;
  row.modalities = comparison.modalities;
  return row;
}

// Rows and runs of one comparison as they come about.
class GridMaker {
 public:
  GridMaker(const GridOptions& options, const TrainingData& data)
      : options_(options), data_(data), alone_(options, data), by_seed_(static_cast<size_t>(options.seeds)) {
    Comparison& comparison = grid_.comparison;
    comparison.seeds = seeds_of(options);
    describe_data(comparison, options, data);
  }

  void add(const Variant& variant, const std::string& fusion) {
    RunOptions run = with_variant(options_.run, variant);
    run.model.fusion = fusion;
    ComparisonRow row = row_of(variant, fusion, grid_.comparison);
    row.refusal = not_applicable(run, data_);
    if (row.refusal.empty()) {
      note_needs(row, run);
      const fs::path folder = fs::path(options_.out) / "runs" / folder_name(fusion) / folder_name(variant.name);
      row.runs = directories(folder, grid_.comparison.seeds);
      add_runs(row, run, variant);
    }
    rows_.push_back(std::move(row));
  }

  Grid finish() {
    for (std::vector<GridRun>& runs : by_seed_) {
      for (GridRun& run : runs) grid_.methods.push_back(std::move(run));
    }
    grid_.alone = std::move(alone_.runs);
    grid_.comparison.rows = std::move(alone_.rows);
    for (ComparisonRow& row : rows_) grid_.comparison.rows.push_back(std::move(row));
    grid_.comparison.reference = choose_reference(options_.reference, grid_.comparison.rows);
    return std::move(grid_);
  }

 private:
  void note_needs(const ComparisonRow& row, const RunOptions& run) {
    const std::unique_ptr<Method> method = run.method.make();
    grid_.needs_ranking = grid_.needs_ranking || ranks(*method, row);
    const bool holds_out = method->needs_held_out() && !data_.val;
    if (holds_out || has_other_batches(run.train, options_.run.train)) grid_.other_batches.push_back(row.name);
    if (holds_out)
      grid_.comparison.notes.push_back(row.name + " trains on 90 % of train: it judges itself by the rest");
  }

  static bool ranks(const Method& method, const ComparisonRow& row) {
    return method.needs_ranking() && row.modalities.size() > 1;
  }

  void add_runs(const ComparisonRow& row, const RunOptions& run, const Variant& variant) {
    const NameMap teachers = alone_.folders(run, row.fusion);
    const std::unique_ptr<Method> method = run.method.make();
    for (size_t k = 0; k < by_seed_.size(); ++k) {
      const uint64_t seed = grid_.comparison.seeds[k];
      GridRun one{fmt::format("{}, {}, seed {}", row.name, row.fusion, seed), with_variant(run, variant), {}};
      one.options.train.seed = seed;
      one.options.run = row.runs[k];
      one.options.analysis_file = (fs::path(options_.out) / training::run_layout::kAnalysis).string();
      if (ranks(*method, row)) one.needs.push_back(one.options.analysis_file);
      for (const auto& [modality, where] : teachers) {
        const std::string teacher = (fs::path(where) / seed_folder(seed)).string();
        one.options.alone[modality] = teacher;
        if (method->needs_unimodal_models()) one.needs.push_back(teacher);
      }
      by_seed_[k].push_back(std::move(one));
    }
  }

  const GridOptions& options_;
  const TrainingData& data_;
  AloneRuns alone_;
  std::vector<std::vector<GridRun>> by_seed_;
  std::vector<ComparisonRow> rows_;
  Grid grid_;
};

}  // namespace

Grid make_grid(const GridOptions& options, const TrainingData& data) {
  GridMaker maker(options, data);
  const std::vector<std::string> own = {options.run.model.fusion};
  for (const std::string& fusion : options.fusions.empty() ? own : options.fusions) {
    for (const Variant& variant : options.variants) maker.add(variant, fusion);
  }
  return maker.finish();
}

}  // namespace pdmp::comparing

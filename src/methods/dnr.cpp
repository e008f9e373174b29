// D&R, Diagnosing & Re-learning (ECCV 2024). After some epochs every encoder is diagnosed: how much purer are clusters
// of its features on data it trained on than on data held out? The larger the gap, the more it is pulled back towards
// its initial weights,
//   w = tanh(lambda |purity_train - purity_held_out|), theta <- w theta_0 + (1 - w) theta.
// Running statistics of BatchNorm, the fused head and the optimizer's state stay. Nothing else differs from `joint`.
//
// The diagnosis waits for the next epoch to begin: the model that a run ends with is one that has learned again.
#include "methods/dnr.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <limits>
#include <numeric>

#include "base/log.h"
#include "methods/methods.h"
#include "methods/parts/linear_head.h"
#include "models/layers/evaluation_mode.h"
#include "pdmp/error.h"
#include "pdmp/methods/dnr.h"

namespace pdmp::methods {
namespace {

constexpr int64_t kIterations = 300;
constexpr double kRounding = 1e-6;   // of its largest value: a column that differs by no more is constant
constexpr double kTolerance = 1e-4;  // of the mean variance of a column

// Rows to cluster, and what every distance needs of them.
struct Points {
  Tensor x;        // (N, d)
  Tensor squares;  // (N, 1): |x|^2
};

struct Clustering {
  Tensor clusters;  // (N)
  double inertia = std::numeric_limits<double>::infinity();
};

// (N, K) squared distances: a matrix product does nearly all of the work.
Tensor squared_distances(const Points& points, const Tensor& centers) {
  const Tensor lengths = centers.square().sum(1).unsqueeze(0);
  return torch::addmm(lengths, points.x, centers.t(), 1, -2).add_(points.squares).clamp_min_(0);
}

// A row by weight; any row where all weights are 0 (fewer different rows than clusters).
int64_t draw(const Tensor& weights, RandomStream& random) {
  const Tensor sums = weights.to(at::kCPU, at::kDouble).cumsum(0);
  const double* begin = sums.const_data_ptr<double>();
  const double* end = begin + sums.size(0);
  const double total = *(end - 1);
  if (!(total > 0)) return random.integer(0, sums.size(0) - 1);
  const double* found = std::upper_bound(begin, end, random.uniform() * total);
  return std::min<int64_t>(found - begin, sums.size(0) - 1);
}

// k-means++: each next center is a row, the likelier the farther from the centers so far.
Tensor seeds(const Points& points, int64_t clusters, RandomStream& random) {
  std::vector<Tensor> centers = {points.x[random.integer(0, points.x.size(0) - 1)]};
  Tensor nearest = squared_distances(points, centers[0].unsqueeze(0)).squeeze(1);
  while (static_cast<int64_t>(centers.size()) < clusters) {
    centers.push_back(points.x[draw(nearest, random)]);
    nearest = torch::minimum(nearest, squared_distances(points, centers.back().unsqueeze(0)).squeeze(1));
  }
  return torch::stack(centers);
}

// Means of the clusters' rows. `nearest` (N): squared distance of each row to its center.
Tensor means(const Points& points, const Tensor& clusters, const Tensor& nearest, int64_t count) {
  const Tensor numbers = torch::arange(count, clusters.options());
  const Tensor members = clusters.unsqueeze(1).eq(numbers).to(points.x.scalar_type());
  const Tensor sizes = members.sum(0);
  Tensor centers = members.t().matmul(points.x) / sizes.clamp_min(1).unsqueeze(1);
  const Tensor empty = sizes.eq(0).nonzero().flatten();
  if (empty.size(0) == 0) return centers;
  const Tensor farthest = std::get<1>(nearest.topk(empty.size(0)));
  return centers.index_copy(0, empty, points.x.index_select(0, farthest));
}

Clustering lloyd(const Points& points, Tensor centers, double tolerance) {
  for (int64_t i = 0; i < kIterations; ++i) {
    const auto [nearest, clusters] = squared_distances(points, centers).min(1);
    const Tensor moved = means(points, clusters, nearest, centers.size(0));
    const double shift = (moved - centers).square().sum().item<double>();
    centers = moved;
    if (shift <= tolerance) break;
  }
  const auto [nearest, clusters] = squared_distances(points, centers).min(1);
  return {clusters, nearest.sum(at::kDouble).item<double>()};
}

}  // namespace

Tensor scale_columns(const Tensor& x) {
  const Tensor low = x.amin(0, /*keepdim=*/true), range = x.amax(0, /*keepdim=*/true) - low;
  const Tensor varies = range > kRounding * x.abs().amax(0, /*keepdim=*/true);
  return torch::where(varies, (x - low) * 2 / range, torch::zeros_like(x)) - 1;
}

Tensor k_means(const Tensor& x, int64_t clusters, RandomStream& random, int64_t starts) {
  const torch::NoGradGuard no_gradients;
  const Points points = {x, x.square().sum(1, /*keepdim=*/true)};
  const double tolerance = kTolerance * x.var(0, /*unbiased=*/false).mean().item<double>();
  Clustering best;
  for (int64_t start = 0; start < starts; ++start) {
    Clustering found = lloyd(points, seeds(points, clusters, random), tolerance);
    if (start == 0 || found.inertia < best.inertia) best = std::move(found);
  }
  return best.clusters;
}

double purity(const Tensor& clusters, const Tensor& labels) {
  const int64_t rows = clusters.max().item<int64_t>() + 1, columns = labels.max().item<int64_t>() + 1;
  const Tensor counts = torch::bincount(clusters * columns + labels, {}, rows * columns).reshape({rows, columns});
  return counts.amax(1).sum().item<double>() / static_cast<double>(labels.size(0));
}

double feature_purity(const Tensor& features, const Tensor& labels, int64_t classes, int64_t starts) {
  const torch::NoGradGuard no_gradients;
  RandomStream random(0);
  const Tensor x = scale_columns(features.to(at::kFloat));
  return purity(k_means(x, std::min(classes, x.size(0)), random, starts), labels);
}

namespace {

// A tensor of an encoder and what it was at the start. `users`: the modalities that go through the encoder.
struct Start {
  std::string name;
  Tensor value, initial;
  std::vector<size_t> users;
};

// Of the samples of a split that have the modality. Both undefined where none has.
struct Features {
  Tensor pooled, labels;
};

// Of one modality. 0 where one of the splits has no sample of it.
struct Diagnosis {
  double train = 0, held_out = 0, pull = 0;
};

class Dnr : public Method {
 public:
  explicit Dnr(const DnrOptions& options) : options_(options) {}

  bool needs_held_out() const override { return !is_joint(); }
  void prepare(PrepareContext& context, const OptimizerOptions&) override;
  void on_epoch_begin(EpochContext& context) override;
  Loss loss(StepContext& context, const Outputs& outputs) override;
  std::vector<std::string> notes() const override { return notes_; }
  void save(Archive& archive) const override;
  void load(const Archive& archive) override;

 private:
  bool is_joint() const { return options_.lambda == 0 || options_.times == 0; }
  std::vector<Features> collect(EpochContext& context, const std::shared_ptr<const Dataset>& data) const;
  std::vector<Diagnosis> diagnose(EpochContext& context) const;
  void relearn(const std::vector<Diagnosis>& diagnoses) const;
  void tell(EpochContext& context, const std::vector<Diagnosis>& diagnoses, double before);

  DnrOptions options_;
  std::vector<Start> starts_;
  StepLog untold_;  // of the last diagnosis, until a step is logged
  std::vector<std::string> notes_;
};

std::vector<size_t> users_of(Model& model, const OwnedParameter& parameter) {
  if (parameter.owner) return {static_cast<size_t>(*parameter.owner)};
  std::vector<size_t> users;
  for (int64_t m = 0; m < model.modalities(); ++m) {
    for (const Tensor& value : model.encoder(m).parameters()) {
      if (value.is_same(parameter.value)) users.push_back(static_cast<size_t>(m));
    }
  }
  return users;
}

void Dnr::prepare(PrepareContext& context, const OptimizerOptions&) {
  notes_.clear();
  starts_.clear();
  if (is_joint()) {
    notes_.emplace_back("lambda or times is 0: dnr is joint training");
    return;
  }
  Model& model = context.model();
  for (const OwnedParameter& parameter : model.ownership()) {
    if (!parameter.in_encoder) continue;
    starts_.push_back({parameter.name, parameter.value, parameter.value.detach().clone(), users_of(model, parameter)});
  }
  notes_.push_back(fmt::format("dnr compares features of training data with those of {}", context.held_out().name));
}

std::shared_ptr<const Dataset> at_most(const std::shared_ptr<const Dataset>& data, int64_t samples) {
  if (samples == 0 || data->size() <= samples) return data;
  std::vector<int64_t> rows(static_cast<size_t>(data->size()));
  std::iota(rows.begin(), rows.end(), 0);
  RandomStream random(0);
  random.shuffle(rows);
  rows.resize(static_cast<size_t>(samples));
  std::sort(rows.begin(), rows.end());  // read in order
  return select_samples(data, std::move(rows));
}

std::vector<Features> Dnr::collect(EpochContext& context, const std::shared_ptr<const Dataset>& data) const {
  const torch::NoGradGuard no_gradients;
  Model& model = context.model();
  const models::EvaluationMode evaluation(model);
  std::vector<std::vector<Tensor>> pooled(static_cast<size_t>(model.modalities())), labels(pooled.size());
  context.for_each_batch(at_most(data, options_.purity_max_samples), [&](const Batch& batch) {
    const std::vector<Feature> features = encode_all(model, batch);
    for (size_t m = 0; m < features.size(); ++m) {
      const Tensor rows = batch.present.select(1, static_cast<int64_t>(m)).nonzero().flatten();
      if (rows.size(0) == 0) continue;
      pooled[m].push_back(features[m].pooled.index_select(0, rows).to(at::kCPU, at::kFloat));
      labels[m].push_back(batch.labels.index_select(0, rows).to(at::kCPU));
    }
    return true;
  });
  std::vector<Features> all(pooled.size());
  for (size_t m = 0; m < all.size(); ++m) {
    if (!pooled[m].empty()) all[m] = {torch::cat(pooled[m]), torch::cat(labels[m])};
  }
  return all;
}

std::vector<Diagnosis> Dnr::diagnose(EpochContext& context) const {
  const std::vector<Features> train = collect(context, context.data().train);
  const std::vector<Features> held_out = collect(context, context.held_out().data);
  const int64_t classes = context.model().classes();
  std::vector<Diagnosis> diagnoses(train.size());
  for (size_t m = 0; m < train.size(); ++m) {
    if (!train[m].pooled.defined() || !held_out[m].pooled.defined()) continue;
    const int64_t fewest = std::min(train[m].labels.size(0), held_out[m].labels.size(0));
    if (fewest < classes) {
      log_warning(
          fmt::format("dnr: {} samples with '{}' cannot tell {} classes apart; every one is a cluster by itself",
                      fewest, context.model().infos()[m].name, classes));
    }
    Diagnosis& diagnosis = diagnoses[m];
    const int64_t starts = options_.purity_starts;
    diagnosis.train = feature_purity(train[m].pooled, train[m].labels, classes, starts);
    diagnosis.held_out = feature_purity(held_out[m].pooled, held_out[m].labels, classes, starts);
    diagnosis.pull = pull_strength(diagnosis.train, diagnosis.held_out, options_.lambda);
  }
  return diagnoses;
}

// An encoder of several modalities is pulled by the mean of what each of them asks for.
void Dnr::relearn(const std::vector<Diagnosis>& diagnoses) const {
  for (const Start& start : starts_) {
    double pull = 0;
    for (const size_t m : start.users) pull += diagnoses[m].pull / static_cast<double>(start.users.size());
    pull_back(start.value, start.initial, pull);
  }
}

// Of the fused logits on what is held out.
double held_out_accuracy(EpochContext& context) {
  const torch::NoGradGuard no_gradients;
  const models::EvaluationMode evaluation(context.model());
  int64_t right = 0;
  context.for_each_batch(context.held_out().data, [&](const Batch& batch) {
    const Outputs outputs = context.model().forward(batch, /*with_unimodal=*/false);
    right += outputs.fused.argmax(1).eq(batch.labels).sum().item<int64_t>();
    return true;
  });
  return static_cast<double>(right) / static_cast<double>(context.held_out().data->size());
}

void Dnr::on_epoch_begin(EpochContext& context) {
  if (is_joint() || !diagnosis_follows(context.epoch() - 1, options_.every, options_.times)) return;
  const double before = held_out_accuracy(context);
  const std::vector<Diagnosis> diagnoses = diagnose(context);
  relearn(diagnoses);
  tell(context, diagnoses, before);
}

void Dnr::tell(EpochContext& context, const std::vector<Diagnosis>& diagnoses, double before) {
  untold_.clear();
  std::vector<std::string> words;
  for (size_t m = 0; m < diagnoses.size(); ++m) {
    const std::string& name = context.model().infos()[m].name;
    const auto& [train, held_out, pull] = diagnoses[m];
    if (train == 0) continue;  // not diagnosed
    untold_["purity/" + name] = train;
    untold_["purity_held_out/" + name] = held_out;
    untold_["score/" + name] = std::abs(train - held_out);
    untold_["pull/" + name] = pull;
    words.push_back(fmt::format("{} {:.3f} of the way (purity {:.3f}, held out {:.3f})", name, pull, train, held_out));
  }
  log_info(fmt::format("dnr, after epoch {}: back to the start {}; accuracy on {} {:.3f} -> {:.3f}", context.epoch(),
                       fmt::join(words, ", "), context.held_out().name, before, held_out_accuracy(context)));
}

Loss Dnr::loss(StepContext& context, const Outputs& outputs) {
  if (context.logging()) {
    context.log().merge(untold_);
    untold_.clear();
  }
  return Method::loss(context, outputs);
}

void Dnr::save(Archive& archive) const {
  for (const Start& start : starts_) archive.tensors.emplace_back("initial/" + start.name, start.initial);
  archive.values["untold"] = untold_;
}

void Dnr::load(const Archive& archive) {
  for (Start& start : starts_) {
    const Tensor* saved = archive.find("initial/" + start.name);
    if (saved == nullptr || saved->sizes() != start.initial.sizes()) {
      throw Error(ErrorKind::data,
                  fmt::format("the checkpoint has no initial weights {} of shape [{}]; resume with the same model and "
                              "`dnr` options",
                              start.name, fmt::join(start.initial.sizes(), ", ")));
    }
    start.initial.copy_(*saved);
  }
  untold_ = archive.value("untold", StepLog());
}

}  // namespace

MethodInfo dnr_method() {
  return {
      .name = DnrOptions::kMethod,
      .summary = "Pulls an encoder back to its start whose features are much purer on train than on held-out data.",
      .source = "Diagnosing and Re-learning for Balanced Multimodal Learning (ECCV 2024)",
      .make_options = make_options<DnrOptions>,
      .description =
          "A few times in a training, K-means clusters of each encoder's features are compared with the "
          "classes, on training data and on data held out. The larger the difference, the more the encoder "
          "is pulled back towards its initial weights; in between, training is joint.",
      .formula =
          "after epochs every, 2 every, ... (times of them):\n"
          "w_m = tanh(lambda |purity_m(train) - purity_m(held out)|)\n"
          "theta_m <- w_m theta_m(0) + (1 - w_m) theta_m",
      .cost =
          "Nothing per step. Per diagnosis, one pass of the encoders over train, three over what is held out, and "
          "2 M K-means clusterings; a copy of the encoders' initial weights.",
      .step_factor = 1,
      .release =
          "The release diagnoses right after an epoch and would do so after the last one too; here the next "
          "epoch begins with it, which differs in nothing but that. It trains on less data than its "
          "competitors, as here where a run has no validation split. It leaves the number of K-means starts to "
          "scikit-learn, which made ten of them and since version 1.4 makes one, whose purities depend on chance "
          "(`purity-starts`).",
  };
}

}  // namespace pdmp::methods

namespace pdmp {

void DnrOptions::describe(OptionList& list) {
  list.add("lambda", &lambda, "How strongly an encoder is pulled back for its purity gap; 0 is joint training.")
      .at_least(0)
      .search(1, 10);
  list.add("every", &every, "Epochs between two diagnoses.").at_least(1).search(5, 30);
  list.add("times", &times, "Number of diagnoses; 0 is joint training.").at_least(0).search(1, 5);
  list.add("purity-max-samples", &purity_max_samples,
           "Diagnose on at most so many samples of a split, always the same ones; 0: on all.")
      .at_least(0);
  list.add("purity-starts", &purity_starts,
           "K-means runs from so many starts, of which the closest clustering counts; 1 as the release with today's "
           "scikit-learn.")
      .at_least(1);
}

std::unique_ptr<Method> DnrOptions::make() const { return std::make_unique<methods::Dnr>(*this); }

}  // namespace pdmp

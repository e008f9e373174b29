// Fills a fresh model with the weights of a run that may have other modalities, classes, fusion or method.
#include "run/init_from.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <optional>
#include <set>

#include "data/loader/modality_names.h"
#include "models/weights/init.h"
#include "models/weights/weights.h"
#include "pdmp/error.h"

namespace pdmp::runs {
namespace {

constexpr const char* kFusion = "fusion.";

LoadedRun load(const std::string& path) {
  std::error_code ignored;
  const bool file = std::filesystem::is_regular_file(path, ignored);
  return file ? load_run_weights(path, "`init-from`") : load_run(path, "`init-from`");
}

// Position of a modality in the model; nothing where it has none of that name.
std::optional<int64_t> position_of(const Model& model, const std::string& modality) {
  const std::vector<std::string> names = data::modality_names(model.infos());
  const auto found = std::find(names.begin(), names.end(), modality);
  return found == names.end() ? std::nullopt : std::optional<int64_t>(found - names.begin());
}

std::string kind_of(const std::string& spec) { return spec.substr(0, spec.find(':')); }

// A module that tells which entries of the tensors belong to a class.
Model with_one_class_more(const Model& model, const RunOptions& options) {
  ModelOptions same = options.model;
  same.pretrained = false;
  return {model.infos(), model.classes() + 1, same, options.train.seed};
}

// "'a', 'b' and 3 more"
std::string quoted_list(const std::vector<std::string>& names) {
  constexpr size_t kNamed = 10;
  std::vector<std::string> quoted;
  for (const std::string& name : names) quoted.push_back(fmt::format("'{}'", name));
  if (quoted.size() <= kNamed) return fmt::format("{}", fmt::join(quoted, ", "));
  return fmt::format("{} and {} more", fmt::join(quoted.begin(), quoted.begin() + kNamed, ", "),
                     quoted.size() - kNamed);
}

// "kept 4 classes, added 'x', dropped 'y'"
std::string classes_line(const models::SharedClasses& classes) {
  const size_t kept = classes.positions_now.size();
  std::string text = fmt::format("kept {} class{}", kept, kept == 1 ? "" : "es");
  if (!classes.added.empty()) text += ", added " + quoted_list(classes.added);
  if (!classes.dropped.empty()) text += ", dropped " + quoted_list(classes.dropped);
  return text;
}

// The options of the model that a run was given and this one was not: " `encoders` a=mlp:hidden=16".
std::string other_options(const ModelOptions& now, const ModelOptions& before) {
  std::vector<std::string> encoders;
  for (const auto& [modality, spec] : before.encoders) {
    const auto found = now.encoders.find(modality);
    if (found == now.encoders.end() || found->second != spec) encoders.push_back(modality + "=" + spec);
  }
  std::string text = encoders.empty() ? "" : fmt::format(" `encoders` {}", fmt::join(encoders, ","));
  if (before.fusion != now.fusion) text += " `fusion` " + before.fusion;
  return text;
}

// Three models of one filling: the one to fill, the one with the weights, and one that tells where classes are.
class Filling {
 public:
  Filling(Model& target, const LoadedRun& source, Model& larger, const models::SharedClasses& classes,
          std::string where)
      : target_(target), source_(source), larger_(larger), classes_(classes), where_(std::move(where)) {}

  void fill_encoders() {
    std::set<const Encoder*> done;  // several modalities may share one
    for (int64_t m = 0; m < target_.modalities(); ++m) {
      const std::string& name = target_.infos()[static_cast<size_t>(m)].name;
      const std::optional<int64_t> n = position_of(*source_.model, name);
      if (!n) {
        fresh_.push_back(fmt::format("encoder of '{}' (the run has no such modality)", name));
      } else if (done.insert(&target_.encoder(m)).second) {
        fill_encoder(m, *n, name);
      }
    }
  }

  void fill_head(const ModelOptions& options) {
    const std::string now = kind_of(options.fusion), before = kind_of(source_.options.model.fusion);
    if (now != before) {
      fresh_.push_back(fmt::format("fusion and its head (the run has {}, this one {})", before, now));
    } else if (data::modality_names(target_.infos()) == data::modality_names(source_.model->infos())) {
      fill_whole_fusion(now);
    } else {
      fill_blocks(now);
    }
    fill_probes();
  }

  // What is said of it.
  std::vector<std::string> lines() const {
    std::vector<std::string> lines;
    lines.push_back(fmt::format("{}: {}", where_,
                                taken_.empty() ? "nothing of it fits, everything starts afresh"
                                               : fmt::format("took {}", fmt::join(taken_, ", "))));
    if (kept_head_) lines.push_back(fmt::format("{}: {}", where_, classes_line(classes_)));
    if (!fresh_.empty() && !taken_.empty()) {
      lines.push_back(fmt::format("{}: afresh start {}", where_, fmt::join(fresh_, ", ")));
    }
    return lines;
  }

 private:
  void fill_encoder(int64_t m, int64_t n, const std::string& name) {
    const std::string where = fmt::format("{}: encoder of '{}'", where_, name);
    if (models::copy_state_but_for_classes(target_.encoder(m), source_.model->encoder(n), larger_.encoder(m), classes_,
                                           where)) {
      taken_.push_back(fmt::format("encoder of '{}'", name));
    } else {
      fresh_.push_back(fmt::format("encoder of '{}' (the run has another kind)", name));
    }
  }

  void fill_whole_fusion(const std::string& name) {
    if (models::copy_state_but_for_classes(target_.fusion(), source_.model->fusion(), larger_.fusion(), classes_,
                                           where_ + ": fusion")) {
      taken_.push_back("fusion " + name);
      kept_head_ = true;
    } else {
      fresh_.push_back(fmt::format("fusion and its head (the run has {} with other options)", name));
    }
  }

  // The parameters of the fusion that belong to a modality (nothing: to all of them), by their place among these.
  static std::vector<OwnedParameter> blocks_of(const Model& model, std::optional<int64_t> owner) {
    std::vector<OwnedParameter> blocks;
    for (const OwnedParameter& parameter : model.ownership()) {
      if (parameter.name.starts_with(kFusion) && parameter.owner == owner) blocks.push_back(parameter);
    }
    return blocks;
  }

  // Of a fusion of other modalities: the blocks of those that both have, and what all share where it fits.
  void fill_blocks(const std::string& name) {
    bool all = fill_owned(std::nullopt, std::nullopt);
    for (int64_t m = 0; m < target_.modalities(); ++m) {
      const std::optional<int64_t> n = position_of(*source_.model, target_.infos()[static_cast<size_t>(m)].name);
      if (n) all = fill_owned(m, n) && all;
    }
    if (kept_head_)
      taken_.push_back(fmt::format("{} fusion {}", all ? "the shared modalities' part of" : "parts of", name));
    if (!kept_head_ || !all) fresh_.push_back(fmt::format("what else fusion {} has (other modalities)", name));
  }

  bool fill_owned(std::optional<int64_t> m, std::optional<int64_t> n) {
    const std::vector<OwnedParameter> to = blocks_of(target_, m), probe = blocks_of(larger_, m);
    const std::vector<OwnedParameter> from = blocks_of(*source_.model, n);
    if (to.size() != from.size()) return false;
    for (size_t i = 0; i < to.size(); ++i) {
      const auto dimension = models::class_dimension(to[i].value, probe[i].value);
      if (!models::fits_but_for_classes(to[i].value, from[i].value, dimension, classes_)) return false;
    }
    for (size_t i = 0; i < to.size(); ++i) {
      const auto dimension = models::class_dimension(to[i].value, probe[i].value);
      models::copy_but_for_classes(to[i].value, from[i].value, dimension, classes_);
      kept_head_ = true;
    }
    return true;
  }

  void fill_probes() {
    const auto to = probes_of(target_), from = probes_of(*source_.model), probe = probes_of(larger_);
    for (const auto& [name, module] : to) {
      const auto found = from.find(name);
      if (found == from.end()) continue;
      models::copy_state_but_for_classes(*module, *found->second, *probe.at(name), classes_,
                                         fmt::format("{}: probe of '{}'", where_, name));
    }
  }

  static std::map<std::string, std::shared_ptr<torch::nn::Module>> probes_of(const Model& model) {
    std::map<std::string, std::shared_ptr<torch::nn::Module>> probes;
    for (const auto& part : model.named_children()) {
      if (part.key() != "probes") continue;
      for (const auto& probe : part.value()->named_children()) probes.emplace(probe.key(), probe.value());
    }
    return probes;
  }

  Model& target_;
  const LoadedRun& source_;
  Model& larger_;
  const models::SharedClasses& classes_;
  std::string where_;
  std::vector<std::string> taken_, fresh_;
  bool kept_head_ = false;
};

}  // namespace

StartingWeights::StartingWeights(const std::string& path) : path_(path), run_(load(path)) {}

std::vector<std::string> StartingWeights::start(Model& model, const RunOptions& options,
                                                const std::vector<std::string>& classes) const {
  const models::SharedClasses shared(classes, run_.description.classes);
  Model larger = with_one_class_more(model, options);
  Filling filling(model, run_, larger, shared, "`init-from` " + path_);
  try {
    filling.fill_encoders();
    filling.fill_head(options.model);
  } catch (const Error& error) {
    const std::string given = other_options(options.model, run_.options.model);
    if (error.kind() != ErrorKind::data || given.empty()) throw;
    throw Error(ErrorKind::data, fmt::format("{}; the run was trained with{}", error.what(), given), error.details());
  }
  return filling.lines();
}

std::string StartingWeights::start_parts(torch::nn::Module& parts, const Model& model, const RunOptions& options,
                                         const std::vector<std::string>& classes) const {
  const std::string where = fmt::format("`init-from` {}: own parts of {}", path_, options.method.name());
  if (run_.method_parts == nullptr || run_.options.method.name() != options.method.name()) {
    return fmt::format("{} start afresh (the run was trained by {})", where, run_.options.method.name());
  }
  if (data::modality_names(model.infos()) != data::modality_names(run_.model->infos()))
    return where + " start afresh (the run has other modalities)";
  const models::SeededGenerator undisturbed(options.train.seed);
  Model larger = with_one_class_more(model, options);
  const auto method = options.method.make();
  const auto larger_parts = method->extend(larger);
  const models::SharedClasses shared(classes, run_.description.classes);
  if (larger_parts != nullptr &&
      models::copy_state_but_for_classes(parts, *run_.method_parts, *larger_parts, shared, where)) {
    return fmt::format("{}: {}", where, classes_line(shared));
  }
  return where + " start afresh (the run has other ones)";
}

}  // namespace pdmp::runs

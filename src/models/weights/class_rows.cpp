// Finds the entries of a class in the weights of a module and copies those of classes that two models share.
#include "models/weights/class_rows.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>

#include "models/weights/weights.h"
#include "pdmp/error.h"

namespace pdmp::models {
namespace {

using State = std::map<std::string, Tensor>;

State state_by_name(const torch::nn::Module& module) {
  const auto state = state_of(module);
  return {state.begin(), state.end()};
}

bool same_names(const State& a, const State& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto& left, const auto& right) { return left.first == right.first; });
}

Tensor positions(const std::vector<int64_t>& values, const Tensor& like) {
  return torch::tensor(values, torch::kInt64).to(like.device());
}

void expect_fit(const State& target, const State& source, const State& larger, const SharedClasses& classes,
                const std::string& where) {
  for (const auto& [name, tensor] : target) {
    const Tensor& found = source.at(name);
    if (fits_but_for_classes(tensor, found, class_dimension(tensor, larger.at(name)), classes)) continue;
    throw Error(
        ErrorKind::data,
        fmt::format("{}: '{}': expected shape ({}), found ({}); use the widths and input sizes that the weights "
                    "were trained with, or another encoder or fusion, which starts afresh",
                    where, name, fmt::join(tensor.sizes(), ", "), fmt::join(found.sizes(), ", ")));
  }
}

}  // namespace

SharedClasses::SharedClasses(const std::vector<std::string>& now, const std::vector<std::string>& before)
    : count_now(static_cast<int64_t>(now.size())), count_before(static_cast<int64_t>(before.size())) {
  std::map<std::string, int64_t> old;
  for (const std::string& name : before) old.emplace(name, static_cast<int64_t>(old.size()));
  for (size_t c = 0; c < now.size(); ++c) {
    const auto found = old.find(now[c]);
    if (found == old.end()) {
      added.push_back(now[c]);
      continue;
    }
    positions_now.push_back(static_cast<int64_t>(c));
    positions_before.push_back(found->second);
    old.erase(found);
  }
  std::copy_if(before.begin(), before.end(), std::back_inserter(dropped),
               [&](const std::string& name) { return old.contains(name); });
}

std::optional<int64_t> class_dimension(const Tensor& tensor, const Tensor& larger) {
  for (int64_t d = 0; d < tensor.dim(); ++d) {
    if (larger.size(d) == tensor.size(d) + 1) return d;
  }
  return std::nullopt;
}

bool fits_but_for_classes(const Tensor& target, const Tensor& source, std::optional<int64_t> dimension,
                          const SharedClasses& classes) {
  if (target.dim() != source.dim()) return false;
  for (int64_t d = 0; d < target.dim(); ++d) {
    const bool of_classes = dimension == d;
    if (source.size(d) != (of_classes ? classes.count_before : target.size(d))) return false;
    if (of_classes && target.size(d) != classes.count_now) return false;
  }
  return true;
}

void copy_but_for_classes(const Tensor& target, const Tensor& source, std::optional<int64_t> dimension,
                          const SharedClasses& classes) {
  const torch::NoGradGuard no_grad;
  if (!dimension) {
    target.copy_(source);
  } else if (!classes.positions_now.empty()) {
    const Tensor rows = source.index_select(*dimension, positions(classes.positions_before, source));
    target.index_copy_(*dimension, positions(classes.positions_now, target), rows.to(target.options()));
  }
}

bool copy_state_but_for_classes(torch::nn::Module& target, const torch::nn::Module& source,
                                const torch::nn::Module& larger, const SharedClasses& classes,
                                const std::string& where) {
  const State to = state_by_name(target), from = state_by_name(source), probe = state_by_name(larger);
  if (!same_names(to, from)) return false;
  expect_fit(to, from, probe, classes, where);
  for (const auto& [name, tensor] : to) {
    copy_but_for_classes(tensor, from.at(name), class_dimension(tensor, probe.at(name)), classes);
  }
  return true;
}

}  // namespace pdmp::models

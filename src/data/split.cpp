#include "data/split.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <utility>

#include "pdmp/error.h"

namespace pdmp {
namespace {

struct Group {
  std::vector<size_t> items;
  std::map<int64_t, int64_t> counts;  // per class
};

std::vector<Group> make_groups(const std::vector<int64_t>& labels, const std::vector<std::string>& names) {
  std::vector<Group> groups;
  std::map<std::string, size_t> positions;
  for (size_t i = 0; i < labels.size(); ++i) {
    size_t position = groups.size();
    if (!names[i].empty()) position = positions.try_emplace(names[i], position).first->second;
    if (position == groups.size()) groups.emplace_back();
    groups[position].items.push_back(i);
    ++groups[position].counts[labels[i]];
  }
  return groups;
}

// What is still wanted of a class, and what may still be taken.
struct Quota {
  double wanted = 0;
  int64_t left = 0;
};

std::map<int64_t, Quota> make_quotas(const std::vector<int64_t>& labels, double fraction) {
  std::map<int64_t, Quota> quotas;
  for (const int64_t label : labels) ++quotas[label].left;
  for (auto& [label, quota] : quotas) quota.wanted = std::max(1.0, fraction * static_cast<double>(quota.left));
  return quotas;
}

// A group is taken where that brings the classes nearer to their shares, in squares, and leaves one of each.
bool is_wanted(const Group& group, const std::map<int64_t, Quota>& quotas) {
  double change = 0;
  for (const auto& [label, count] : group.counts) {
    const Quota& quota = quotas.at(label);
    if (quota.left <= count) return false;
    const double after = quota.wanted - static_cast<double>(count);
    change += after * after - quota.wanted * quota.wanted;
  }
  return change < 0;
}

}  // namespace

std::vector<bool> stratified_subset(const std::vector<int64_t>& labels, const std::vector<std::string>& groups,
                                    double fraction, RandomStream& random) {
  std::vector<Group> order = make_groups(labels, groups);
  random.shuffle(order);
  auto quotas = make_quotas(labels, fraction);
  std::vector<bool> chosen(labels.size());
  for (const Group& group : order) {
    if (!is_wanted(group, quotas)) continue;
    for (const size_t item : group.items) chosen[item] = true;
    for (const auto& [label, count] : group.counts) {
      quotas[label].wanted -= static_cast<double>(count);
      quotas[label].left -= count;
    }
  }
  return chosen;
}

std::pair<std::vector<int64_t>, std::vector<int64_t>> split_by_class(const Dataset& data, double fraction,
                                                                     RandomStream random) {
  std::vector<int64_t> labels;
  for (int64_t i = 0; i < data.size(); ++i) labels.push_back(data.label(i));
  const std::vector<bool> chosen = stratified_subset(labels, std::vector<std::string>(labels.size()), fraction, random);
  std::vector<int64_t> part, rest;
  for (size_t i = 0; i < chosen.size(); ++i) (chosen[i] ? part : rest).push_back(static_cast<int64_t>(i));
  return {part, rest};
}

HeldBack hold_back_tenth(const std::shared_ptr<const Dataset>& train, uint64_t seed) {
  constexpr double kTenth = 0.1;
  const auto [held_out, kept] = split_by_class(*train, kTenth, random_stream(seed, "analysis/holdout"));
  if (held_out.empty()) {
    throw Error(ErrorKind::data, fmt::format("expected a validation split or a class of two samples to hold one out "
                                             "of, found {} samples of as many classes",
                                             train->size()));
  }
  return {select_samples(train, held_out), select_samples(train, kept)};
}

}  // namespace pdmp

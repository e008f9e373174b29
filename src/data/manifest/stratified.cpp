#include "data/manifest/stratified.h"

#include <algorithm>
#include <map>

namespace pdmp::data {
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

}  // namespace pdmp::data

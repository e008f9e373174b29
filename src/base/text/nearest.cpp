#include "base/text/nearest.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text/value_text.h"
#include "pdmp/options.h"

namespace pdmp {
namespace {

// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`.
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<size_t>> cost(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
  for (size_t j = 0; j <= b.size(); ++j) cost[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, replaced});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  }
  return cost[a.size()][b.size()];
}

// Twice the distance. `gamma` is close to `pdmp.gamma`: the last part of a dotted name counts too, half an edit behind.
size_t double_distance(const std::string& word, const std::string& name) {
  const size_t whole = 2 * edit_distance(word, name);
  const size_t dot = name.rfind('.');
  return dot == std::string::npos ? whole : std::min(whole, 2 * edit_distance(word, name.substr(dot + 1)) + 1);
}

}  // namespace

std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& names) {
  const std::string wanted = lower_case(word);
  // A third of the letters may be wrong, one always, but never all of them.
  size_t best_distance = 2 * std::min(std::max<size_t>(1, wanted.size() / 3) + 1, wanted.size());
  std::optional<std::string> best;
  for (const std::string& name : names) {
    const size_t distance = double_distance(wanted, lower_case(name));
    if (distance < best_distance) {
      best_distance = distance;
      best = name;
    }
  }
  return best;
}

std::vector<std::string> sorted_by_distance(std::string_view word, const std::vector<std::string>& names, size_t most) {
  const std::string wanted = lower_case(word);
  std::vector<std::pair<size_t, std::string>> sorted;
  for (const std::string& name : names) sorted.emplace_back(double_distance(wanted, lower_case(name)), name);
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> result;
  for (size_t i = 0; i < std::min(most, sorted.size()); ++i) result.push_back(sorted[i].second);
  return result;
}

std::string suggestion(std::string_view word, const std::vector<std::string>& names) {
  if (const auto close = nearest(word, names)) return fmt::format("; did you mean '{}'?", *close);
  if (names.empty()) return "; there are none";
  return fmt::format("; there {} {}", names.size() == 1 ? "is" : "are", fmt::join(names, ", "));
}

}  // namespace pdmp

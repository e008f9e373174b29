#include "run/files/timing.h"

#include <algorithm>
#include <fmt/format.h>
#include <fstream>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "base/text/json.h"
#include "base/text/text_table.h"

namespace pdmp::runs {
namespace {

void for_each_epoch(const std::filesystem::path& timing, const std::function<void(const nlohmann::json& epoch)>& use) {
  std::ifstream file(timing);
  std::string line;
  while (std::getline(file, line)) {
    try {
      const nlohmann::json epoch = parse_json(line);
      if (epoch.is_object()) use(epoch);
    } catch (const JsonFault&) {
      // A line cut by a full disk; the time of its epoch is not known.
    }
  }
}

double seconds_of(const nlohmann::json& epoch) {
  double seconds = 0;
  for (const char* part : {"train_seconds", "evaluation_seconds"}) {
    if (epoch.contains(part) && epoch[part].is_number()) seconds += epoch[part].get<double>();
  }
  return seconds;
}

// Sums over the epochs that were timed.
struct Phases {
  int64_t epochs = 0;
  double timed = 0;
  std::map<std::string, double> seconds;

  void add(const nlohmann::json& epoch) {
    if (!epoch.contains("phases") || !epoch["phases"].is_object()) return;
    ++epochs;
    double known = 0;
    for (const auto& [name, value] : epoch["phases"].items()) {
      if (!value.is_number()) continue;
      seconds[name] += value.get<double>();
      known += value.get<double>();
    }
    const double other = std::max(0.0, seconds_of(epoch) - known);
    seconds["other"] += other;
    timed += known + other;
  }
};

}  // namespace

double seconds_trained(const std::filesystem::path& timing) {
  double seconds = 0;
  for_each_epoch(timing, [&](const nlohmann::json& epoch) { seconds += seconds_of(epoch); });
  return seconds;
}

std::string phase_text(const std::filesystem::path& timing) {
  Phases phases;
  for_each_epoch(timing, [&](const nlohmann::json& epoch) { phases.add(epoch); });
  if (phases.epochs == 0 || phases.timed <= 0) return "";
  std::vector<std::pair<std::string, double>> sorted(phases.seconds.begin(), phases.seconds.end());
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  TableRows rows = {{"phase", "s/epoch", "share"}};
  for (const auto& [name, seconds] : sorted) {
    rows.push_back({name, fmt::format("{:.3f}", seconds / static_cast<double>(phases.epochs)),
                    fmt::format("{:.1f} %", 100 * seconds / phases.timed)});
  }
  return text_table(std::move(rows), true);
}

}  // namespace pdmp::runs

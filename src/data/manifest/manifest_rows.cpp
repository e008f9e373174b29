#include "data/manifest/manifest_rows.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace pdmp::data {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

std::optional<double> seconds(double value) { return std::isnan(value) ? std::nullopt : std::optional(value); }

}  // namespace

void ManifestRows::reserve(size_t rows) {
  facts_.reserve(rows);
  texts_.reserve(rows);
}

void ManifestRows::add(const ManifestRow& row) {
  std::vector<std::string> texts = {row.id, row.group};
  texts.insert(texts.end(), row.cells.begin(), row.cells.end());
  texts_.add(texts);
  facts_.push_back({row.label, row.line, row.start.value_or(kNone), row.end.value_or(kNone), number_of(row.split),
                    number_of(row.file)});
}

ManifestRow ManifestRows::at(size_t i) const {
  const Facts& facts = facts_.at(i);
  std::vector<std::string> texts = texts_.list(i);
  ManifestRow row{std::move(texts[0]), names_[facts.split], facts.label, names_[facts.file],
                  facts.line,          std::move(texts[1]), {},          seconds(facts.start),
                  seconds(facts.end)};
  texts.erase(texts.begin(), texts.begin() + 2);
  row.cells = std::move(texts);
  return row;
}

std::string_view ManifestRows::id(size_t i) const { return texts_.text(i, 0); }

bool ManifestRows::has_split(const std::string& split) const {
  return std::any_of(facts_.begin(), facts_.end(), [&](const Facts& facts) { return names_[facts.split] == split; });
}

uint32_t ManifestRows::number_of(const std::string& name) {
  const auto found = std::find(names_.begin(), names_.end(), name);
  const auto number = static_cast<uint32_t>(found - names_.begin());
  if (found == names_.end()) names_.push_back(name);
  return number;
}

}  // namespace pdmp::data

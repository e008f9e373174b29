#include "data/types/settings.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <numeric>

#include "pdmp/error.h"
#include "pdmp/options.h"

namespace pdmp::data {

// Keys of every entry belong to the manifest's reader.
Settings::Settings(const ModalityEntry& entry) : Settings(fmt::format("modality '{}'", entry.name), entry.settings) {
  known_ = {"name", "type", "column", "columns", "path", "root", "ext", "augment_with"};
}

Settings::Settings(std::string where, const nlohmann::json& object) : where_(std::move(where)), object_(object) {
  if (object_.is_null()) object_ = nlohmann::json::object();
}

const nlohmann::json* Settings::value(const std::string& key) {
  known_.insert(key);
  const auto found = object_.find(key);
  return found == object_.end() ? nullptr : &*found;
}

void Settings::refuse(const std::string& key, const std::string& expected) const {
  throw Error(ErrorKind::data, fmt::format("{}: expected '{}' to be {}, found {}; correct dataset.json", where_, key,
                                           expected, object_.contains(key) ? object_.at(key).dump() : "nothing"));
}

int64_t Settings::integer(const std::string& key, int64_t otherwise, int64_t low, int64_t high) {
  const nlohmann::json* found = value(key);
  if (found == nullptr) return otherwise;
  const bool fits = found->is_number_integer() && found->get<double>() >= static_cast<double>(low) &&
                    found->get<double>() <= static_cast<double>(high);
  if (!fits) refuse(key, fmt::format("a whole number from {} to {}", low, high));
  return found->get<int64_t>();
}

double Settings::number(const std::string& key, double otherwise, double low, double high) {
  const nlohmann::json* found = value(key);
  if (found == nullptr) return otherwise;
  if (!found->is_number() || found->get<double>() < low || found->get<double>() > high) {
    refuse(key, fmt::format("a number from {} to {}", low, high));
  }
  return found->get<double>();
}

std::string Settings::text(const std::string& key, const std::string& otherwise) {
  const nlohmann::json* found = value(key);
  if (found == nullptr) return otherwise;
  if (!found->is_string()) refuse(key, "a string");
  return found->get<std::string>();
}

std::string Settings::choice(const std::string& key, const std::string& otherwise,
                             const std::vector<std::string>& choices) {
  const std::string found = text(key, otherwise);
  if (std::find(choices.begin(), choices.end(), found) == choices.end()) {
    refuse(key, fmt::format("one of {}", fmt::join(choices, ", ")));
  }
  return found;
}

std::vector<double> Settings::numbers(const std::string& key, std::vector<double> otherwise) {
  const nlohmann::json* found = value(key);
  if (found == nullptr) return otherwise;
  const auto is_number = [](const nlohmann::json& item) { return item.is_number(); };
  if (!found->is_array() || found->size() != otherwise.size() ||
      !std::all_of(found->begin(), found->end(), is_number)) {
    refuse(key, fmt::format("a list of {} number{}", otherwise.size(), otherwise.size() == 1 ? "" : "s"));
  }
  return found->get<std::vector<double>>();
}

std::vector<int64_t> Settings::sizes(const std::string& key) {
  const nlohmann::json* found = value(key);
  if (found == nullptr) return {};
  constexpr double kLargest = 1e9;  // far from where products of a few of them overflow
  const auto is_size = [](const nlohmann::json& item) {
    return item.is_number_integer() && item.get<double>() >= 1 && item.get<double>() <= kLargest;
  };
  if (!found->is_array() || found->empty() || !std::all_of(found->begin(), found->end(), is_size)) {
    refuse(key, "a list of whole numbers from 1 to 1000000000");
  }
  // 4 GB as float32: a sample without the file is as many zeros.
  const auto all = std::accumulate(found->begin(), found->end(), 1.0, [](double product, const nlohmann::json& item) {
    return product * item.get<double>();
  });
  if (all > kLargest) refuse(key, "sizes of at most 1000000000 numbers together");
  return found->get<std::vector<int64_t>>();
}

void Settings::finish() const {
  for (const auto& [key, unused] : object_.items()) {
    if (known_.contains(key)) continue;
    throw Error(ErrorKind::data, fmt::format("{}: unknown setting '{}'{}", where_, key,
                                             suggestion(key, std::vector<std::string>(known_.begin(), known_.end()))));
  }
}

}  // namespace pdmp::data

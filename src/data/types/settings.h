// What a manifest entry says about its modality, read with ranges and checked to the last key.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "data/manifest/manifest.h"

namespace pdmp::data {

// Every getter returns the default where the key is absent, and throws Error{data} naming modality and key where its
// value does not fit. `finish` refuses keys that no getter asked for.
class Settings {
 public:
  explicit Settings(const ModalityEntry& entry);
  Settings(std::string where, const nlohmann::json& object);  // an inner object; where: "modality 'a', augment"

  int64_t integer(const std::string& key, int64_t otherwise, int64_t low, int64_t high);
  double number(const std::string& key, double otherwise, double low, double high);
  std::string choice(const std::string& key, const std::string& otherwise, const std::vector<std::string>& choices);
  std::string text(const std::string& key, const std::string& otherwise);
  std::vector<double> numbers(const std::string& key, std::vector<double> otherwise);  // as many as the default has
  std::vector<int64_t> sizes(const std::string& key);                                  // each >= 1; empty = absent
  const nlohmann::json* value(const std::string& key);                                 // null = absent
  void finish() const;

  [[noreturn]] void refuse(const std::string& key, const std::string& expected) const;
  const std::string& where() const { return where_; }

 private:
  std::string where_;
  nlohmann::json object_;
  std::set<std::string> known_;
};

}  // namespace pdmp::data

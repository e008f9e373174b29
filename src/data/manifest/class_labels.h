// Labels as the metadata writes them, and the classes they mean.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace pdmp::data {

// Finds the class of a label. `classes` must outlive it.
class ClassIndex {
 public:
  explicit ClassIndex(const std::vector<std::string>& classes);

  // The class that is called `label`; else, where no class name is a number, the class that `label` counts from 0:
  // "7", not "007". Nothing where it is neither.
  std::optional<int64_t> find(const std::string& label) const;

  // For messages about a label that find() does not know: "; ..." with what to do, or "".
  std::string advice(const std::string& label) const;

 private:
  const std::vector<std::string>& classes_;
  std::unordered_map<std::string, int64_t> positions_;
  std::string number_;  // the first class name that is a number; "" = none is
};

// Two names that people take for one.
struct LookAlike {
  std::string first, second;
  const char* difference;  // "white space" | "Unicode normal form"
};

// Names that are equal but for white space (also invisible characters) or Unicode normal form, each with the first that
// looks like it.
std::vector<LookAlike> find_look_alikes(const std::vector<std::string>& names);

// "'café' (caf\u00e9)": a name in quotes; where it has more than printable ASCII, spelled out behind it.
std::string spelled(std::string_view name);

}  // namespace pdmp::data

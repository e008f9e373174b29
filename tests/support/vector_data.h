// A data set of numbers only, on disk: nothing to decode.
#pragma once

#include <fmt/format.h>
#include <string>
#include <vector>

#include "pdmp/random.h"
#include "support/temporary_directory.h"

namespace pdmp::testing {

// Modalities "a" (columns a0..a2) and "b" (b0, b1), classes red, green and blue, `counts` samples of train, val and
// test. Writes dataset.json and metadata.csv into `folder` of `directory` and returns its path.
inline std::string write_vector_data(const TemporaryDirectory& directory,
                                     const std::vector<int64_t>& counts = {48, 24, 24},
                                     const std::string& folder = "data") {
  const std::vector<std::string> classes = {"red", "green", "blue"}, splits = {"train", "val", "test"};
  RandomStream random(7);
  std::string table = "id,split,label,a0,a1,a2,b0,b1\n";
  for (size_t split = 0; split < splits.size(); ++split) {
    for (int64_t i = 0; i < counts[split]; ++i) {
      const auto label = static_cast<size_t>(i % 3);
      table += fmt::format("{}{},{},{}", splits[split], i, splits[split], classes[label]);
      for (size_t j = 0; j < 3; ++j) table += fmt::format(",{:.4f}", (j == label ? 1.0 : 0.0) + 0.3 * random.normal());
      for (size_t j = 0; j < 2; ++j)
        table += fmt::format(",{:.4f}", static_cast<double>(label) - 1 + 0.8 * random.normal());
      table += "\n";
    }
  }
  directory.write(folder + "/metadata.csv", table);
  directory.write(folder + "/dataset.json",
                  R"({"name": "numbers", "task": "classification", "classes": ["red", "green", "blue"], "modalities": [
                      {"name": "a", "type": "vector", "columns": ["a0", "a1", "a2"]},
                      {"name": "b", "type": "vector", "columns": ["b0", "b1"]}]})");
  return (directory / folder).string();
}

}  // namespace pdmp::testing

// A data set of one modality whose cells name files.
#pragma once

#include <string>
#include <vector>

#include "support/temporary_directory.h"

namespace pdmp::testing {

// Modality "m", described by the rest of its entry in dataset.json. Every fourth row is of test; two classes in turn.
inline void write_media_set(const TemporaryDirectory& folder, const std::string& modality,
                            const std::vector<std::string>& cells) {
  folder.write("dataset.json",
               R"({"classes": ["a", "b"], "modalities": [{"name": "m", "column": "file", )" + modality + "}]}");
  std::string rows = "id,split,label,file\n";
  for (size_t i = 0; i < cells.size(); ++i) {
    rows += std::to_string(i) + (i % 4 == 3 ? ",test," : ",train,") + (i % 2 == 0 ? "a" : "b") + "," + cells[i] + "\n";
  }
  folder.write("metadata.csv", rows);
}

}  // namespace pdmp::testing

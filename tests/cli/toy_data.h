// A small data set on disk with a vector, a text, a tensor and an image modality, each of which tells the class.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace pdmp::testing {

struct ToyRow {
  std::string id, split, label;
  std::vector<std::string> numbers;    // columns n0, n1
  std::string caption, wave, picture;  // text, .npy, .png
};

struct ToyData {
  std::vector<std::string> modalities = {"numbers", "caption", "wave", "picture"};  // what dataset.json lists
  std::vector<std::string> classes = {"red", "green", "blue"};
  std::vector<ToyRow> rows;
  void write(const std::filesystem::path& directory) const;  // dataset.json and metadata.csv only
};

// Makes the media below `directory` and writes the whole set: 3 classes, `per_class` samples of each in train, half as
// many in val and in test.
ToyData write_toy_data(const std::filesystem::path& directory, int per_class = 8,
                       const std::vector<std::string>& modalities = {"numbers", "caption"});

}  // namespace pdmp::testing

#include "cli/toy_data.h"

#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fstream>
#include <nlohmann/json.hpp>

#include "pdmp/random.h"
#include "support/npy.h"
#include "support/png.h"

namespace pdmp::testing {
namespace {

constexpr int kPictureSize = 16, kWaveLength = 32;

void save(const std::filesystem::path& path, const std::string& content) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << content;
}

nlohmann::json entry(const std::string& name) {
  if (name == "numbers") return {{"name", name}, {"type", "vector"}, {"columns", {"n0", "n1"}}};
  if (name == "caption") return {{"name", name}, {"type", "text"}, {"column", "caption"}, {"max_bytes", 16}};
  if (name == "wave") return {{"name", name}, {"type", "tensor"}, {"column", "wave_file_name"}};
  return {{"name", name}, {"type", "image"}, {"column", "picture_file_name"}, {"size", kPictureSize}};
}

std::string picture(size_t label, RandomStream& random) {
  std::string rgb;
  for (int i = 0; i < kPictureSize * kPictureSize; ++i) {
    for (size_t channel = 0; channel < 3; ++channel) {
      rgb += static_cast<char>(random.integer(0, 80) + (channel == label ? 150 : 0));
    }
  }
  return png(kPictureSize, kPictureSize, rgb);
}

std::string wave(size_t label, RandomStream& random) {
  std::vector<float> values;
  for (int i = 0; i < 2 * kWaveLength; ++i) {
    values.push_back(static_cast<float>(std::sin(i * 0.3 * static_cast<double>(label + 1)) + 0.3 * random.normal()));
  }
  return npy(fmt::format("(2, {})", kWaveLength), values);
}

}  // namespace

void ToyData::write(const std::filesystem::path& directory) const {
  nlohmann::json description = {{"name", "toy"}, {"task", "classification"}, {"classes", classes}};
  for (const std::string& name : modalities) description["modalities"].push_back(entry(name));
  save(directory / "dataset.json", description.dump(1));
  std::string table = "id,split,label,n0,n1,caption,wave_file_name,picture_file_name\n";
  for (const ToyRow& row : rows) {
    table += fmt::format("{},{},{},{},{},{},{}\n", row.id, row.split, row.label, fmt::join(row.numbers, ","),
                         row.caption, row.wave, row.picture);
  }
  save(directory / "metadata.csv", table);
}

ToyData write_toy_data(const std::filesystem::path& directory, int per_class,
                       const std::vector<std::string>& modalities) {
  ToyData data;
  data.modalities = modalities;
  RandomStream random = random_stream(1, "toy");
  for (const std::string split : {"train", "val", "test"}) {
    const int count = split == "train" ? per_class : per_class / 2;
    for (int i = 0; i < count * 3; ++i) {
      const auto label = static_cast<size_t>(i % 3);
      ToyRow row{
          fmt::format("{}{}", split, i), split, data.classes[label], {}, "a " + data.classes[label] + " thing", "", ""};
      for (int column = 0; column < 2; ++column) {
        row.numbers.push_back(
            fmt::format("{:.3f}", std::cos(2.1 * static_cast<double>(label) + column) + 0.2 * random.normal()));
      }
      row.wave = "wave/" + row.id + ".npy";
      row.picture = "picture/" + row.id + ".png";
      save(directory / row.wave, wave(label, random));
      save(directory / row.picture, picture(label, random));
      data.rows.push_back(row);
    }
  }
  data.write(directory);
  return data;
}

}  // namespace pdmp::testing

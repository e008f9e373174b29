// Numbers in the metadata itself, separated by commas -> (D).
#include <ATen/ops/empty.h>
#include <cmath>
#include <fmt/format.h>
#include <optional>
#include <string_view>

#include "base/text/printable.h"
#include "data/tables/decimal.h"
#include "data/types/known_shape.h"
#include "data/types/settings.h"
#include "data/types/types.h"
#include "pdmp/error.h"
#include "pdmp/tensor.h"

namespace pdmp::data {
namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  for (size_t comma = 0; (comma = text.find(',')) != std::string_view::npos; text.remove_prefix(comma + 1)) {
    parts.push_back(trim(text.substr(0, comma)));
  }
  parts.push_back(trim(text));
  return parts;
}

class VectorType : public ModalityType {
 public:
  explicit VectorType(const ModalityEntry& entry)
      : where_(fmt::format("modality '{}'", entry.name)), columns_(entry.columns) {
    Settings(entry).finish();
  }

  std::vector<int64_t> shape(const Cell* first_cell) const override {
    return shape_.get([&]() -> std::vector<int64_t> {
      if (!columns_.empty()) return {static_cast<int64_t>(columns_.size())};
      if (first_cell == nullptr)
        throw Error(ErrorKind::data,
                    where_ + ": expected numbers, every cell is empty; fill them or remove the modality");
      return {static_cast<int64_t>(split(first_cell->text).size())};
    });
  }

  Tensor load(const Cell& cell, RandomStream*) const override {
    const std::vector<std::string_view> parts = split(cell.text);
    const int64_t expected = shape(&cell)[0];
    if (static_cast<int64_t>(parts.size()) != expected) {
      const char* advice = columns_.empty() ? "" : ", where numbers have a decimal point and no comma";
      throw Error(ErrorKind::data, fmt::format("{}: expected {} numbers, found {}; correct the row{}", where_, expected,
                                               parts.size(), advice));
    }
    Tensor values = at::empty({expected}, at::kFloat);
    for (size_t i = 0; i < parts.size(); ++i) values.data_ptr<float>()[i] = number(parts, i);
    return values;
  }

 private:
  float number(const std::vector<std::string_view>& parts, size_t i) const {
    const std::optional<double> value = parse_decimal(parts[i]);
    if (value && std::isfinite(static_cast<float>(*value))) return static_cast<float>(*value);
    constexpr size_t kShown = 40;
    const std::string place =
        i < columns_.size() ? fmt::format("column '{}'", columns_[i]) : fmt::format("place {}", i + 1);
    const char* advice = parts[i].find(';') == std::string_view::npos
                             ? "correct the row"
                             : "separate numbers by commas, and write them with a decimal point";
    throw Error(ErrorKind::data, fmt::format("{}: expected a finite number in {}, found '{}'; {}", where_, place,
                                             shortened(parts[i], kShown), advice));
  }

  std::string where_;
  std::vector<std::string> columns_;
  KnownShape shape_;
};

}  // namespace

std::unique_ptr<ModalityType> make_vector_type(const ModalityEntry& entry) {
  return std::make_unique<VectorType>(entry);
}

}  // namespace pdmp::data

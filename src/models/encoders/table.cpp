#include "models/encoders/table.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "models/spec.h"

namespace pdmp {

std::unique_ptr<EncoderOptions> resnet18_options();
std::unique_ptr<EncoderOptions> conv1d_options();
std::unique_ptr<EncoderOptions> mlp_options();
std::unique_ptr<EncoderOptions> text_cnn_options();

const std::vector<EncoderInfo>& encoder_table() {
  static const std::vector<EncoderInfo> table = {
      {"resnet18", "ResNet-18 with torchvision's parameter names; frames are averaged",
       "pictures (C, H, W), spectrograms (1, F, T), frames (C, T, H, W)", resnet18_options},
      {"conv1d", "convolutions over time with BatchNorm, then the mean", "series (C, L)", conv1d_options},
      {"mlp", "fully connected layers with ReLU", "numbers of any shape, flattened", mlp_options},
      {"text_cnn", "byte embedding, convolutions of several widths, maximum over time", "text (max_bytes)",
       text_cnn_options},
  };
  return table;
}

std::string default_encoder(const ModalityInfo& modality) {
  static const std::map<std::string, std::string> by_type = {{"image", "resnet18"}, {"frames", "resnet18"},
                                                             {"flow", "resnet18"},  {"audio", "resnet18"},
                                                             {"vector", "mlp"},     {"text", "text_cnn"}};
  static const std::map<size_t, std::string> by_rank = {{2, "conv1d"}, {3, "resnet18"}, {4, "resnet18"}};  // tensors
  if (const auto row = by_type.find(modality.type); row != by_type.end()) return row->second;
  const auto row = by_rank.find(modality.shape.size());
  return row == by_rank.end() ? "mlp" : row->second;
}

std::shared_ptr<Encoder> make_encoder(const std::string& spec, const ModalityInfo& modality) {
  const auto options =
      configure(encoder_table(), "encoder", spec, fmt::format("encoder of modality '{}'", modality.name));
  const bool sizes_known =
      std::all_of(modality.shape.begin(), modality.shape.end(), [](int64_t size) { return size >= 1; });
  if (!sizes_known) throw unfit_input(parse_spec(spec, "").name, modality);
  return options->make(modality);
}

Error unfit_input(const std::string& encoder, const ModalityInfo& modality) {
  const EncoderInfo& row = find_row(encoder_table(), "encoder", encoder, modality.name);
  return Error(ErrorKind::usage,
               fmt::format("encoder of modality '{}': {} takes {}, found type {} of shape ({}); {} fits this type",
                           modality.name, row.name, row.input, modality.type, fmt::join(modality.shape, ", "),
                           default_encoder(modality)));
}

std::vector<int64_t> whole_numbers(const std::string& option, const std::vector<double>& values,
                                   const ModalityInfo& modality) {
  const bool good =
      std::all_of(values.begin(), values.end(), [](double v) { return v >= 1 && v <= 1e9 && v == std::floor(v); });
  if (values.empty() || !good) {
    throw Error(ErrorKind::usage,
                fmt::format("encoder of modality '{}': {}: expected whole numbers >= 1 (as 64+64+32), found '{}'",
                            modality.name, option, fmt::join(values, "+")));
  }
  return {values.begin(), values.end()};
}

}  // namespace pdmp

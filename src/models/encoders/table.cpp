#include "models/encoders/table.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <regex>

#include "base/spec.h"
#include "base/table.h"
#include "data/types/modality_type.h"

namespace pdmp {

namespace models {
std::unique_ptr<EncoderOptions> resnet18_options();
std::unique_ptr<EncoderOptions> resnet34_options();
std::unique_ptr<EncoderOptions> resnet18_front_options();
std::unique_ptr<EncoderOptions> mobilenet_v3_small_options();
std::unique_ptr<EncoderOptions> conv1d_options();
std::unique_ptr<EncoderOptions> mlp_options();
std::unique_ptr<EncoderOptions> text_cnn_options();
std::unique_ptr<EncoderOptions> text_ngrams_options();
std::unique_ptr<EncoderOptions> transformer_options();
}  // namespace models

namespace {
constexpr const char* kPictures = "pictures (C, H, W), spectrograms (1, F, T), frames (C, T, H, W)";
}  // namespace

namespace {

Registry<EncoderInfo>& rows() {
  static Registry<EncoderInfo> table = {
      {"resnet18", "ResNet-18 with torchvision's parameter names; frames are averaged", kPictures,
       models::resnet18_options, "He et al., Deep Residual Learning for Image Recognition, CVPR 2016"},
      {"resnet34", "ResNet-34, likewise: twice the depth", kPictures, models::resnet34_options,
       "He et al., Deep Residual Learning for Image Recognition, CVPR 2016"},
      {"resnet18_front", "early half of ResNet-18 with a map of H/8 x W/8, for fusions that join maps", kPictures,
       models::resnet18_front_options, "Zhang et al., CASIA-SURF, CVPR 2019; He et al., CVPR 2016"},
      {"mobilenet_v3_small", "MobileNetV3-Small with torchvision's parameter names: a twelfth of ResNet-18", kPictures,
       models::mobilenet_v3_small_options, "Howard et al., Searching for MobileNetV3, ICCV 2019"},
      {"conv1d", "convolutions over time with BatchNorm, then the mean", "series (C, L)", models::conv1d_options,
       "pdmp; after Wang et al., Time Series Classification from Scratch, IJCNN 2017"},
      {"mlp", "fully connected layers with ReLU", "numbers of any shape, flattened", models::mlp_options, "textbook"},
      {"text_cnn", "byte embedding, convolutions of several widths, maximum over time", "text (max_bytes)",
       models::text_cnn_options,
       "Kim, Convolutional Neural Networks for Sentence Classification, EMNLP 2014; over bytes here"},
      {"text_ngrams", "sum of hashed byte n-grams: for few and short texts", "text (max_bytes)",
       models::text_ngrams_options,
       "Joulin et al., Bag of Tricks for Efficient Text Classification, EACL 2017; over bytes here"},
      {"transformer", "transformer over patches, time steps or bytes, then the mean of the tokens",
       "pictures (C, H, W), spectrograms (1, F, T), frames (C, T, H, W), series (C, L), text (max_bytes)",
       models::transformer_options,
       "Vaswani et al., Attention Is All You Need, NIPS 2017; patches as Dosovitskiy et al., ICLR 2021"},
  };
  return table;
}

}  // namespace

const Registry<EncoderInfo>& encoder_table() { return rows(); }

void register_encoder(EncoderInfo row) { add_row(rows(), std::move(row), "encoder"); }

std::string default_encoder(const ModalityInfo& modality) {
  static const std::map<size_t, std::string> by_rank = {{2, "conv1d"}, {3, "resnet18"}, {4, "resnet18"}};  // tensors
  if (std::string encoder = data::encoder_of_type(modality.type); !encoder.empty()) return encoder;
  const auto row = by_rank.find(modality.shape.size());
  return row == by_rank.end() ? "mlp" : row->second;
}

models::EncoderSetup models::read_encoder_spec(const std::string& spec, const ModalityInfo& modality) {
  models::EncoderSetup setup;
  setup.own = configure(encoder_table(), "encoder", spec, fmt::format("encoder of modality '{}'", modality.name),
                        [&](OptionList& list) { setup.pretrained.describe(list); });
  return setup;
}

std::shared_ptr<Encoder> make_encoder(const std::string& spec, const ModalityInfo& modality) {
  const auto options = models::read_encoder_spec(spec, modality).own;
  const bool sizes_known =
      std::all_of(modality.shape.begin(), modality.shape.end(), [](int64_t size) { return size >= 1; });
  if (!sizes_known) {
    throw Error(
        ErrorKind::usage,
        fmt::format("encoder of modality '{}': expected sizes of at least 1, found type {} of shape ({}), which "
                    "holds nothing; mend its data or leave it out of `modalities`",
                    modality.name, modality.type, fmt::join(modality.shape, ", ")));
  }
  return options->make(modality);
}

Error models::unfit_input(const std::string& encoder, const ModalityInfo& modality) {
  const EncoderInfo& row = get_row(encoder_table(), encoder, modality.name + ": unknown encoder");
  return Error(ErrorKind::usage,
               fmt::format("encoder of modality '{}': {} takes {}, found type {} of shape ({}); {} fits this type",
                           modality.name, row.name, row.input, modality.type, fmt::join(modality.shape, ", "),
                           default_encoder(modality)));
}

std::vector<int64_t> models::whole_numbers(const std::string& option, const std::vector<double>& values,
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

std::array<int64_t, 2> models::height_and_width(const std::string& text, const std::string& where) {
  static const std::regex form("([1-9][0-9]{0,4})x([1-9][0-9]{0,4})");
  std::smatch parts;
  if (!std::regex_match(text, parts, form)) {
    throw Error(ErrorKind::usage, fmt::format("{}: expected HEIGHTxWIDTH (as 64x48), found '{}'", where, text));
  }
  return {std::stoll(parts[1]), std::stoll(parts[2])};
}

bool models::is_pictures(const ModalityInfo& modality) {
  const size_t rank = modality.shape.size();
  return default_encoder(modality) == "resnet18" && (rank == 3 || rank == 4);
}

void models::expect_pictures(const std::string& encoder, const ModalityInfo& modality) {
  const size_t rank = modality.shape.size();
  if (data::holds_integers(modality.type) || (rank != 3 && rank != 4)) throw models::unfit_input(encoder, modality);
}

std::string models::encoder_of_width(const ModalityInfo& modality, int64_t width) {
  const std::string name = default_encoder(modality);
  if (name == "text_cnn") {
    const bool even = width % 2 == 0;
    return fmt::format("text_cnn:width={}:kernels={}", even ? width / 2 : width, even ? "3+5" : "3");
  }
  if (name == "conv1d") {  // each layer after the first doubles the channels
    const int64_t depth = width % 4 == 0 ? 3 : width % 2 == 0 ? 2 : 1;
    return fmt::format("conv1d:width={}:depth={}", width >> (depth - 1), depth);
  }
  return fmt::format("mlp:hidden=64+{}", width);
}

}  // namespace pdmp

#include "cli/print/model_page.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text/text_table.h"
#include "cli/print/options_table.h"
#include "models/weights/pretrained.h"
#include "pdmp/error.h"
#include "pdmp/model.h"

namespace pdmp::cli {
namespace {

// The reference setting of the fusions: two pictures, the classes of CREMA-D.
constexpr int64_t kClasses = 6;
const std::vector<ModalityInfo>& pictures() {
  static const std::vector<ModalityInfo> infos = {{"first", "image", {3, 224, 224}},
                                                  {"second", "image", {3, 224, 224}}};
  return infos;
}

// What the parameters of an encoder are counted for, where it takes it.
const std::vector<ModalityInfo>& reference_inputs() {
  static const std::vector<ModalityInfo> infos = {{"reference", "image", {3, 224, 224}},
                                                  {"reference", "audio", {1, 257, 299}},
                                                  {"reference", "tensor", {6, 128}},
                                                  {"reference", "vector", {16}},
                                                  {"reference", "text", {128}}};
  return infos;
}

int64_t count(const torch::nn::Module& module) {
  int64_t total = 0;
  for (const Tensor& parameter : module.parameters()) total += parameter.numel();
  return total;
}

std::string shape_text(const ModalityInfo& info) { return fmt::format("{} {}", info.type, fmt::join(info.shape, "x")); }

// "11,176,512 (image 3x224x224), ...": where one number serves several inputs it is given once.
std::string encoder_counts(const EncoderOptions& options) {
  std::vector<std::pair<int64_t, std::vector<std::string>>> counts;
  for (const ModalityInfo& info : reference_inputs()) {
    std::shared_ptr<Encoder> encoder;
    try {
      encoder = options.make(info);
    } catch (const Error&) {
      continue;  // not for this type
    }
    const int64_t parameters = count(*encoder);
    if (counts.empty() || counts.back().first != parameters) counts.push_back({parameters, {}});
    counts.back().second.push_back(shape_text(info));
  }
  std::vector<std::string> parts;
  for (const auto& [parameters, inputs] : counts)
    parts.push_back(fmt::format("{} ({})", grouped(parameters), fmt::join(inputs, ", ")));
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string encoder_section(const EncoderInfo& row) {
  const auto options = row.make_options();
  const std::string counts = encoder_counts(*options);
  return fmt::format("### {}\n\n* {}\n* takes {}\n* source: {}\n* parameters: {}\n\n{}\n", row.name, row.summary,
                     row.input, row.source, counts, options_table_of(*options));
}

bool takes_three(const FusionOptions& options, int64_t width) {
  try {
    options.make({width, width, width}, kClasses);
    return true;
  } catch (const Error&) {
    return false;
  }
}

std::string fusion_section(const FusionInfo& row) {
  const auto options = row.make_options();
  std::vector<int64_t> widths;
  std::vector<std::string> specs;
  int64_t encoders = 0;
  for (const ModalityInfo& info : pictures()) {
    specs.push_back(options->encoder(info, pictures()));
    const auto encoder = make_encoder(specs.back(), info);
    encoders += count(*encoder);
    widths.push_back(encoder->width());
  }
  const int64_t fusion = count(*options->make(widths, kClasses));
  return fmt::format(
      "### {}\n\n* {}\n* takes {} modalities\n* source: {}\n"
      "* parameters: {}, of them {} in the fusion; the encoders are `{}`\n\n{}\n",
      row.name, row.summary, takes_three(*options, widths[0]) ? "any number of" : "one or two", row.source,
      grouped(encoders + fusion), grouped(fusion), specs[0], options_table_of(*options));
}

constexpr const char* kHead = R"(# Encoders and fusions

<!-- Written from the tables of the program: pdmp list models --markdown > docs/models.md -->

A model is one encoder per modality and a fusion that ends in the class logits. Each is named with its options as
`NAME:option=value:option=value`; a list is `64+64+32`:

```
pdmp train --data mydata --run runs/first --fusion gated --encoders picture=resnet18:width=32,speech=resnet18:stem=3x3
pdmp info model --data mydata --fusion mmformer
```

`pdmp info model` prints every module with its output, parameters, owner and FLOPs. How to add one:
[adding-a-fusion.md](adding-a-fusion.md).

## Encoders

Parameters are counted with the default options, for each of these inputs the encoder takes: {}.
Besides its own options every encoder has:

{}
)";

constexpr const char* kFusionHead = R"(## Fusions

Parameters are counted with the default options for two modalities of {} and {} classes, each with the encoder this
fusion gives it where none is named.

)";

}  // namespace

std::string model_page() {
  std::vector<std::string> inputs;
  for (const ModalityInfo& info : reference_inputs()) inputs.push_back(shape_text(info));
  models::PretrainedOptions pretrained;
  std::string text = fmt::format(kHead, fmt::join(inputs, ", "), options_table_of(pretrained));
  for (const EncoderInfo& row : encoder_table()) text += encoder_section(row);
  text += fmt::format(kFusionHead, shape_text(pictures()[0]), kClasses);
  for (const FusionInfo& row : fusion_table()) text += fusion_section(row);
  text.pop_back();  // the empty line after the last table
  return text;
}

}  // namespace pdmp::cli

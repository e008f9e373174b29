#include "models/weights/pretrained.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <set>
#include <string_view>

#include "base/spec.h"
#include "base/text/nested_text.h"
#include "models/weights/safetensors.h"
#include "models/weights/weights.h"
#include "pdmp/error.h"

namespace pdmp::models {
namespace {

constexpr const char* kWeights = "weights";
constexpr std::array kClassifiers = {"fc.", "classifier."};
constexpr int64_t kColours = 3;

bool of_classifier(const std::string& name) {
  return std::any_of(kClassifiers.begin(), kClassifiers.end(),
                     [&](const char* part) { return name.starts_with(part); });
}

// The filters of a first convolution over three channels, where another number is asked for: one, or two of flow.
bool averages(const Tensor& target, const Tensor& found) {
  if (target.dim() != 4 || found.dim() != 4 || target.size(1) == kColours || found.size(1) != kColours) return false;
  return target.size(0) == found.size(0) && target.size(2) == found.size(2) && target.size(3) == found.size(3);
}

// Names in a file of a whole model: `encoders.<modality>.<name>`.
constexpr std::string_view kEncoders = "encoders.";

// Of a file of a whole model, what belongs to the encoder of `modality`, under the encoder's own names.
std::map<std::string, Tensor> encoder_tensors(const Safetensors& content, const std::string& modality,
                                              const std::string& file) {
  const std::string prefix = fmt::format("{}{}.", kEncoders, modality);
  std::map<std::string, Tensor> own, all;
  std::set<std::string> modalities;
  for (const auto& [name, tensor] : content.tensors) {
    if (name.starts_with(prefix)) own.emplace(name.substr(prefix.size()), tensor);
    if (name.starts_with(kEncoders)) {
      modalities.insert(name.substr(kEncoders.size(), name.find('.', kEncoders.size()) - kEncoders.size()));
    }
    all.emplace(name, tensor);
  }
  if (modalities.empty()) return all;
  if (!own.empty()) return own;
  throw Error(ErrorKind::data, fmt::format("encoder of modality '{}': {}: expected an encoder of that modality among "
                                           "the weights of a run, found those of {}; name other weights",
                                           modality, file, fmt::join(modalities, ", ")));
}

}  // namespace

void PretrainedOptions::describe(OptionList& list) {
  list.add(kWeights, &weights,
           "Weights to start from: a safetensors file with torchvision's names (its classifier is not used), or the "
           "weights of a run, of which the encoder of the same modality is used.");
  list.add("weights-channels", &channels,
           "A file for three channels where the input has one or two: refused, or the mean of its first filters over "
           "the "
           "channels for each (for one: a third of what they gave to the same picture in all three).")
      .one_of({"strict", "average"});
}

void load_pretrained(torch::nn::Module& encoder, const PretrainedOptions& options, const std::string& modality) {
  if (options.weights.empty()) return;
  const std::string file = read_weights_file(options.weights);
  check_listed_file(options.weights, file);
  std::map<std::string, Tensor> found =
      encoder_tensors(parse_safetensors(options.weights, file), modality, options.weights);
  const auto state = state_of(encoder);
  const std::map<std::string, Tensor> expected(state.begin(), state.end());
  std::erase_if(found,
                [&](const auto& entry) { return of_classifier(entry.first) && !expected.contains(entry.first); });
  for (const auto& [name, target] : expected) {
    if (name.ends_with("num_batches_tracked")) found.emplace(name, target);  // nothing depends on it
    const auto source = found.find(name);
    if (options.channels == "average" && source != found.end() && averages(target, source->second)) {
      source->second = source->second.to(torch::kFloat32).mean(1, /*keepdim=*/true).expand_as(target).contiguous();
    }
  }
  copy_state(
      encoder, std::move(found), fmt::format("encoder of modality '{}': {}", modality, options.weights),
      "the weights of this encoder",
      "use a file of the same architecture, width and channels (one for three channels where the input has one or two: "
      "weights-channels=average)");
}

std::string with_weights(const std::string& spec, const PathChange& change) {
  constexpr std::string_view kSeparators = ":,";
  const std::string mark = fmt::format("{}=", kWeights);
  std::vector<std::string> parts = split_nested(spec, ':');
  for (size_t i = 1; i < parts.size(); ++i) {
    if (!parts[i].starts_with(mark) || parts[i] == mark) continue;
    const std::filesystem::path path = without_enclosure(std::string_view(parts[i]).substr(mark.size()));
    if (const auto value = enclosed_where_needed(change(path).string(), kSeparators)) parts[i] = mark + *value;
  }
  return fmt::format("{}", fmt::join(parts, ":"));
}

std::string with_absolute_weights(const std::string& spec) {
  return with_weights(
      spec, [](const std::filesystem::path& path) { return std::filesystem::absolute(path).lexically_normal(); });
}

}  // namespace pdmp::models

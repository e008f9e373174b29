// Weights of a module as one safetensors file.
#include "models/weights/weights.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "models/weights/safetensors.h"
#include "pdmp/error.h"
#include "pdmp/model.h"

namespace pdmp {
namespace {

// "3 missing (a, b, c)", the first few by name.
std::string listing(const std::string& kind, const std::vector<std::string>& names) {
  constexpr size_t kShown = 5;
  const std::vector<std::string> shown(names.begin(),
                                       names.begin() + static_cast<int64_t>(std::min(kShown, names.size())));
  return fmt::format("{} {} ({}{})", names.size(), kind, fmt::join(shown, ", "), names.size() > kShown ? ", ..." : "");
}

}  // namespace

std::vector<std::pair<std::string, Tensor>> models::state_of(const torch::nn::Module& module) {
  std::vector<std::pair<std::string, Tensor>> state;
  for (const auto& item : module.named_parameters()) state.emplace_back(item.key(), item.value());
  for (const auto& item : module.named_buffers()) state.emplace_back(item.key(), item.value());
  return state;
}

void models::copy_state(torch::nn::Module& module, std::map<std::string, Tensor> found, const std::string& where,
                        const std::string& what, const std::string& advice) {
  std::vector<std::string> missing, misshaped, extra;
  std::vector<std::pair<Tensor, Tensor>> copies;
  for (const auto& [name, target] : models::state_of(module)) {
    const auto node = found.extract(name);
    if (node.empty()) {
      missing.push_back(name);
    } else if (node.mapped().sizes() != target.sizes()) {
      misshaped.push_back(fmt::format("{}: expected ({}), found ({})", name, fmt::join(target.sizes(), ", "),
                                      fmt::join(node.mapped().sizes(), ", ")));
    } else {
      copies.emplace_back(target, node.mapped());
    }
  }
  for (const auto& [name, tensor] : found) extra.push_back(name);

  std::vector<std::string> problems;
  if (!missing.empty()) problems.push_back(listing("missing", missing));
  if (!extra.empty()) problems.push_back(listing("unknown", extra));
  if (!misshaped.empty()) problems.push_back(listing("of another shape", misshaped));
  if (!problems.empty()) {
    throw Error(ErrorKind::data,
                fmt::format("{}: expected {}, found {}; {}", where, what, fmt::join(problems, "; "), advice));
  }
  const torch::NoGradGuard no_grad;
  for (auto& [target, source] : copies) target.copy_(source);
}

FileDigest models::write_weights(const torch::nn::Module& module, const std::string& path) {
  return models::write_safetensors(
      path, {models::state_of(module), {{"format", "pt"}}});  // "pt": what Python's readers ask for
}

void models::load_weights_of(torch::nn::Module& module, const std::string& path, const std::string& file) {
  const models::Safetensors content = models::parse_safetensors(path, file);
  models::copy_state(module, {content.tensors.begin(), content.tensors.end()}, path, "the weights of this model",
                     "use the encoders, widths and classes the file was written with");
}

void save_weights(const torch::nn::Module& module, const std::string& path) { models::write_weights(module, path); }

void load_weights(torch::nn::Module& module, const std::string& path) {
  const std::string file = models::read_weights_file(path);
  check_listed_file(path, file);
  models::load_weights_of(module, path, file);
}

}  // namespace pdmp

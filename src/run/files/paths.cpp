#include "run/files/paths.h"

#include <algorithm>

#include "models/weights/pretrained.h"

namespace pdmp::runs {
namespace {

namespace fs = std::filesystem;

std::string absolute(const std::string& path) {
  std::string text = fs::absolute(path).lexically_normal().string();
  if (text.size() > 1 && text.ends_with('/')) text.pop_back();
  return text;
}

fs::path resolved(const fs::path& path) {
  std::error_code error;
  const fs::path result = fs::weakly_canonical(path, error);
  return error ? fs::path(absolute(path.string())) : result;
}

}  // namespace

void make_paths_absolute(RunOptions& options) {
  DataOptions& data = options.data;
  if (!data.data.empty()) data.data = absolute(data.data);
  if (!data.cache.empty() && data.cache != "off") data.cache = absolute(data.cache);
  if (!options.init_from.empty()) options.init_from = absolute(options.init_from);
  for (auto& [modality, spec] : options.model.encoders) spec = models::with_absolute_weights(spec);
}

bool is_same_file(const fs::path& a, const fs::path& b) {
  std::error_code error;
  if (a == b || fs::equivalent(a, b, error)) return true;
  return absolute(resolved(a).string()) == absolute(resolved(b).string());
}

bool are_same_encoders(const NameMap& a, const NameMap& b) {
  const auto place = [](const fs::path& path) { return resolved(path); };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](const auto& one, const auto& other) {
    return one.first == other.first &&
           models::with_weights(one.second, place) == models::with_weights(other.second, place);
  });
}

}  // namespace pdmp::runs

#include "models/fusion/modalities.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <functional>

#include "base/spec.h"
#include "pdmp/error.h"

namespace pdmp::models {

std::shared_ptr<Fusion> linear_head(const std::vector<int64_t>& widths, int64_t classes) {
  return configure(fusion_table(), "fusion", "concat", "fusion")->make(widths, classes);
}

void expect_pair(const std::string& fusion, const std::vector<int64_t>& widths, const std::string& roles,
                 const std::string& instead) {
  if (widths.size() <= 2) return;
  throw Error(ErrorKind::usage,
              fmt::format("fusion: {}: expected at most two modalities, because {}, found {}; choose two with "
                          "`modalities`, or use {}, which takes any number",
                          fusion, roles, widths.size(), instead));
}

void expect_equal_widths(const std::string& option, const std::vector<int64_t>& widths, const std::string& instead) {
  if (std::adjacent_find(widths.begin(), widths.end(), std::not_equal_to<>()) == widths.end()) return;
  throw Error(ErrorKind::usage,
              fmt::format("fusion: {}: expected features of equal width, found {}; give the encoders one width, or use "
                          "{}",
                          option, fmt::join(widths, " and "), instead));
}

void CommonWidth::describe(OptionList& list) {
  list.add("width", &width, "Width that all features are projected to (0: the widest feature's).").at_least(0);
}

int64_t CommonWidth::of(const std::vector<int64_t>& widths) const {
  return width == 0 ? *std::max_element(widths.begin(), widths.end()) : width;
}

std::optional<int64_t> numbered_owner(const std::string& name, const std::string& prefix) {
  if (!name.starts_with(prefix)) return std::nullopt;
  return std::stoll(name.substr(prefix.size()));  // up to the dot
}

}  // namespace pdmp::models

#include <algorithm>
#include <fmt/format.h>

#include "optim/optimizers.h"
#include "pdmp/error.h"

namespace pdmp {
namespace {

struct OptimizerInfo {
  const char* name;
  std::unique_ptr<Optimizer> (*make)(const OptimizerOptions& options, std::vector<ParameterGroup> groups);
};

const std::vector<OptimizerInfo>& optimizer_table() {
  static const std::vector<OptimizerInfo> table = {{"sgd", make_sgd}, {"adamw", make_adamw}};
  return table;
}

}  // namespace

std::vector<std::string> optimizer_names() {
  std::vector<std::string> names;
  for (const OptimizerInfo& info : optimizer_table()) names.emplace_back(info.name);
  return names;
}

std::unique_ptr<Optimizer> make_optimizer(const OptimizerOptions& options, std::vector<ParameterGroup> groups) {
  for (const OptimizerInfo& info : optimizer_table()) {
    if (options.optimizer == info.name) return info.make(options, std::move(groups));
  }
  throw Error(ErrorKind::usage, fmt::format("unknown optimizer '{}'{}", options.optimizer,
                                            suggestion(options.optimizer, optimizer_names())));
}

}  // namespace pdmp

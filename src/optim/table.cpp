#include "base/table.h"

#include <utility>

#include "optim/optimizers.h"

namespace pdmp {
namespace {

struct OptimizerInfo {
  const char* name;
  std::unique_ptr<Optimizer> (*make)(const OptimizerOptions& options, std::vector<ParameterGroup> groups);
};

const std::vector<OptimizerInfo>& optimizer_table() {
  static const std::vector<OptimizerInfo> table = {{"sgd", optim::make_sgd}, {"adamw", optim::make_adamw}};
  return table;
}

}  // namespace

std::vector<std::string> optim::optimizer_names() { return row_names(optimizer_table()); }

std::unique_ptr<Optimizer> make_optimizer(const OptimizerOptions& options, std::vector<ParameterGroup> groups) {
  return get_row(optimizer_table(), options.optimizer, "unknown optimizer").make(options, std::move(groups));
}

}  // namespace pdmp

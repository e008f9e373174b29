// The optimizers and schedules there are: what the options offer and `make_optimizer` chooses from.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "pdmp/optimizer.h"

namespace pdmp::optim {

std::unique_ptr<Optimizer> make_sgd(const OptimizerOptions& options, std::vector<ParameterGroup> groups);
std::unique_ptr<Optimizer> make_adamw(const OptimizerOptions& options, std::vector<ParameterGroup> groups);

std::vector<std::string> optimizer_names();
std::vector<std::string> schedule_names();

}  // namespace pdmp::optim

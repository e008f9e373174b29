#include "models/weights/init.h"

#include <torch/nn/init.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>

#include "base/table.h"

namespace pdmp::models {
namespace {

namespace nn = torch::nn;

template <class... Kinds, class Apply>
bool visit_kind(nn::Module& module, const Apply& apply) {
  return ([&] {
    auto* found = module.as<Kinds>();
    if (found) apply(*found);
    return found != nullptr;
  }() || ...);
}

bool init_convolution(nn::Module& module) {
  return visit_kind<nn::Conv1dImpl, nn::Conv2dImpl, nn::Conv3dImpl>(
      module, [](auto& conv) { nn::init::kaiming_normal_(conv.weight, 0, torch::kFanOut, torch::kReLU); });
}

bool init_batch_norm(nn::Module& module, double sd) {
  return visit_kind<nn::BatchNorm1dImpl, nn::BatchNorm2dImpl, nn::BatchNorm3dImpl>(module, [sd](auto& norm) {
    if (!norm.weight.defined()) return;
    if (sd > 0) {
      nn::init::normal_(norm.weight, 1, sd);
    } else {
      nn::init::ones_(norm.weight);
    }
    nn::init::zeros_(norm.bias);
  });
}

bool init_linear(nn::Module& module) {
  return visit_kind<nn::LinearImpl>(module, [](nn::LinearImpl& linear) {
    nn::init::xavier_normal_(linear.weight);
    if (linear.bias.defined()) nn::init::zeros_(linear.bias);
  });
}

void init_global(nn::Module& module) {
  if (init_convolution(module) || init_batch_norm(module, 0) || init_linear(module)) return;
  if (auto* own = dynamic_cast<GlobalInit*>(&module)) own->init_global();
}

void init_constructor(nn::Module& module) {
  if (!init_convolution(module)) init_batch_norm(module, 0.02);
}

struct InitRow {
  const char* name;
  void (*apply)(nn::Module&);
};
constexpr InitRow kInits[] = {{"global", init_global}, {"constructor", init_constructor}};

void apply_to_tree(const InitRow& row, nn::Module& module) {
  if (dynamic_cast<const OwnInit*>(&module) != nullptr) return;
  row.apply(module);
  for (const std::shared_ptr<nn::Module>& part : module.children()) apply_to_tree(row, *part);
}

}  // namespace

std::vector<std::string> init_names() { return row_names(kInits); }

void initialize(nn::Module& module, const std::string& init) {
  apply_to_tree(get_row(kInits, init, "init: unknown value"), module);
}

SeededGenerator::SeededGenerator(uint64_t seed) {
  at::Generator generator = at::detail::getDefaultCPUGenerator();
  const std::lock_guard<std::mutex> lock(generator.mutex());
  saved_ = generator.get_state();
  generator.set_current_seed(seed);
}

SeededGenerator::~SeededGenerator() {
  at::Generator generator = at::detail::getDefaultCPUGenerator();
  const std::lock_guard<std::mutex> lock(generator.mutex());
  generator.set_state(saved_);
}

}  // namespace pdmp::models

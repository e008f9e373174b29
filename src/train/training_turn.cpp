#include "train/training_turn.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>

namespace pdmp::training {
namespace {

std::recursive_mutex& turn() {
  static std::recursive_mutex mutex;
  return mutex;
}

thread_local int depth = 0;

}  // namespace

TrainingTurn::TrainingTurn() : lock_(turn()) {
  if (depth++ > 0) return;
  threads_ = at::get_num_threads();
  at::Generator generator = at::detail::getDefaultCPUGenerator();
  const std::lock_guard lock(generator.mutex());
  generator_ = generator.get_state();
}

TrainingTurn::~TrainingTurn() {
  if (--depth > 0) return;
  at::set_num_threads(threads_);
  at::Generator generator = at::detail::getDefaultCPUGenerator();
  const std::lock_guard lock(generator.mutex());
  generator.set_state(*generator_);
}

}  // namespace pdmp::training

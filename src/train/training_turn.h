// Trainings of one process wait for each other: LibTorch has one default random generator, which they draw from.
#pragma once

#include <mutex>
#include <optional>

#include "pdmp/tensor.h"

namespace pdmp::training {

// While it lives this thread alone trains. At the end of the outermost one of a thread, the generator and the number of
// LibTorch's threads are as the caller had them.
class TrainingTurn {
 public:
  TrainingTurn();
  ~TrainingTurn();
  TrainingTurn(const TrainingTurn&) = delete;
  TrainingTurn& operator=(const TrainingTurn&) = delete;

 private:
  std::unique_lock<std::recursive_mutex> lock_;
  std::optional<Tensor> generator_;  // of the outermost
  int threads_ = 0;
};

}  // namespace pdmp::training

// Initial weights (models.md 1.4).
//
//   global       every convolution: Kaiming normal, fan out, gain of ReLU; every Linear: Xavier normal, bias 0;
//                every BatchNorm: weight 1, bias 0. Fusion included. Embeddings and biases of convolutions: LibTorch's.
//   constructor  convolutions as above; BatchNorm weight N(1, 0.02), bias 0; everything else as LibTorch makes it.
//
// Neither touches a module that is marked OwnInit, nor what is inside of it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pdmp/torch.h"

namespace pdmp::models {

// A module with weights of its own, not inside a Linear or a convolution, that `global` is to set.
class GlobalInit {
 public:
  virtual ~GlobalInit() = default;
  virtual void init_global() = 0;
};

// A module whose constructor gives it the weights it is to start with, whatever the name of the initialisation:
// transformer blocks keep LibTorch's (models.md 7.3).
class OwnInit {
 public:
  virtual ~OwnInit() = default;
};

std::vector<std::string> init_names();
// Sets `module` and everything in it, but for OwnInit. Error{usage} on an unknown name.
void initialize(torch::nn::Module& module, const std::string& init);

// While it lives, LibTorch's CPU generator gives the numbers of `seed`; afterwards it goes on as if nothing had been.
class SeededGenerator {
 public:
  explicit SeededGenerator(uint64_t seed);
  ~SeededGenerator();
  SeededGenerator(const SeededGenerator&) = delete;
  SeededGenerator& operator=(const SeededGenerator&) = delete;

 private:
  Tensor saved_;
};

}  // namespace pdmp::models

// Convolutions of 3x3 with stride 1, as residual blocks are made of, with a quarter of the multiplications: Winograd's
// minimal filtering F(4x4, 3x3) (Lavin and Gray, 2016), forward and backward.
#pragma once

#include <torch/nn/modules/conv.h>

#include "pdmp/torch.h"

namespace pdmp::models {

// Whether winograd() computes conv(x): on the CPU, float or (under autocast) bfloat16 maps in channels-last order,
// whole panels of channels. Depends on nothing but conv, the shape of x and the kind of CPU.
bool computes_winograd(const torch::nn::Conv2dImpl& conv, const Tensor& x);

// Whether it does, and sooner than LibTorch: tiles that the map fills well, and enough of them to be worth the
// transformed filters.
bool fits_winograd(const torch::nn::Conv2dImpl& conv, const Tensor& x);

// x: (B, C, H, W), weight: (K, C, 3, 3) float, both in channels-last order, one row of zeros around the map; returns
// (B, K, H, W) of the type of x. The same numbers as conv2d to rounding: some 6e-7 of the result, as conv2d itself,
// and of the filters' gradient, where conv2d's is 1.5e-7. Recorded as "pdmp::winograd". No second derivatives.
Tensor winograd(const Tensor& x, const Tensor& weight);

struct AfterWinograd {
  Tensor bias{};   // (K) float
  Tensor added{};  // to the result, before the ReLU; of its shape
  bool relu = false;
};

// The same without gradients, with what follows it in evaluation.
Tensor winograd_without_gradients(const Tensor& x, const Tensor& weight, const AfterWinograd& after);

}  // namespace pdmp::models

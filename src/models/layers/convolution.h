// Convolutions over pictures that can be told how to compute: `--convolution`.
#pragma once

#include <string>
#include <torch/nn/modules/conv.h>
#include <vector>

#include "pdmp/torch.h"

namespace pdmp::models {

enum class ConvolutionForm {
  automatic,  // Winograd's filtering where it is faster
  winograd,   // Winograd's filtering wherever it can compute the layer
  direct      // LibTorch's own convolution
};
std::vector<std::string> convolution_form_names();                // auto, winograd, direct
ConvolutionForm parse_convolution_form(const std::string& text);  // Error{usage}

// Conv2d and the form it is computed in.
class FormedConv2dImpl : public torch::nn::Conv2dImpl {
 public:
  using Conv2dImpl::Conv2dImpl;
  ConvolutionForm form = ConvolutionForm::automatic;
};
torch::nn::Conv2d formed_convolution(const torch::nn::Conv2dOptions& options);

// Of every FormedConv2d below `module`.
void set_convolution_form(torch::nn::Module& module, ConvolutionForm form);

// Whether conv(x) is to be computed by winograd(). A convolution that has no form is automatic.
bool goes_by_winograd(const torch::nn::Conv2dImpl& conv, const Tensor& x);

}  // namespace pdmp::models

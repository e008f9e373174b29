#include "models/layers/convolution.h"

#include <torch/nn/modules/conv.h>

#include "base/table.h"
#include "models/layers/winograd.h"
#include "pdmp/options.h"

namespace pdmp::models {
namespace {

struct FormRow {
  const char* name;
  ConvolutionForm form;
  bool (*goes_by_winograd)(const torch::nn::Conv2dImpl& conv, const Tensor& x);
};
constexpr FormRow kForms[] = {
    {"auto", ConvolutionForm::automatic, fits_winograd},
    {"winograd", ConvolutionForm::winograd, computes_winograd},
    {"direct", ConvolutionForm::direct, [](const torch::nn::Conv2dImpl&, const Tensor&) { return false; }}};

ConvolutionForm form_of(const torch::nn::Conv2dImpl& conv) {
  const auto* formed = dynamic_cast<const FormedConv2dImpl*>(&conv);
  return formed == nullptr ? ConvolutionForm::automatic : formed->form;
}

}  // namespace

std::vector<std::string> convolution_form_names() { return row_names(kForms); }

ConvolutionForm parse_convolution_form(const std::string& text) {
  return get_row(kForms, text, "convolution: unknown value").form;
}

torch::nn::Conv2d formed_convolution(const torch::nn::Conv2dOptions& options) {
  return torch::nn::Conv2d(std::shared_ptr<torch::nn::Conv2dImpl>(std::make_shared<FormedConv2dImpl>(options)));
}

void set_convolution_form(torch::nn::Module& module, ConvolutionForm form) {
  for (const auto& part : module.modules(/*include_self=*/false)) {
    if (auto* formed = dynamic_cast<FormedConv2dImpl*>(part.get())) formed->form = form;
  }
}

bool goes_by_winograd(const torch::nn::Conv2dImpl& conv, const Tensor& x) {
  const ConvolutionForm form = form_of(conv);
  for (const FormRow& row : kForms) {
    if (row.form == form) return row.goes_by_winograd(conv, x);
  }
  return false;
}

}  // namespace pdmp::models

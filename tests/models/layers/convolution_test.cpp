#include "models/layers/convolution.h"

#include <ATen/record_function.h>
#include <gmock/gmock.h>
#include <torch/nn/modules/conv.h>

#include "models/layers/conv_norm.h"
#include "models/layers/residual.h"
#include "models/layers/winograd.h"
#include "pdmp/model.h"
#include "support/expect_error.h"

namespace pdmp::models {
namespace {

using testing::expect_error;

constexpr auto kRows = torch::MemoryFormat::ChannelsLast;

int64_t passes = 0;  // of Winograd's filtering, while a Counter lives

std::unique_ptr<at::ObserverContext> count_pass(const at::RecordFunction& operation) {
  if (std::string(operation.name()) == "pdmp::winograd") ++passes;
  return nullptr;
}

class Counter {
 public:
  Counter()
      : handle_(
            at::addThreadLocalCallback(at::RecordFunctionCallback(&count_pass).scopes({at::RecordScope::FUNCTION}))) {
    passes = 0;
  }
  ~Counter() { at::removeCallback(handle_); }
  Counter(const Counter&) = delete;
  Counter& operator=(const Counter&) = delete;

 private:
  at::CallbackHandle handle_;
};

// Passes of a ResNet-18 of width 32 over a picture of `side`: 3x3 layers with stride 1 are 13 of its 20.
int64_t passes_with(const std::string& form, int64_t side, bool channels_last = true) {
  ModelOptions options;
  options.encoders = {{"eye", "resnet18:width=32"}};
  options.convolution = form;
  options.channels_last = channels_last;
  const auto model =
      std::make_shared<Model>(std::vector<ModalityInfo>{{"eye", "image", {3, side, side}}}, 3, options, 0);
  const Tensor x = torch::ones({2, 3, side, side});
  const Counter counter;
  model->encode(0, x, torch::ones({2}, torch::kBool));
  return passes;
}

// The stages' maps are 24, 12, 6 and 3 wide: 72 tiles of four by four in the first, 18 in the second.
TEST(Convolution, TheFormDecidesWhoComputes) {
  EXPECT_EQ(passes_with("direct", 96), 0);
  EXPECT_EQ(passes_with("winograd", 96), 13);
  EXPECT_EQ(passes_with("auto", 96), 4);
  EXPECT_EQ(passes_with("auto", 96, /*channels_last=*/false), 0);
}

TEST(Convolution, FusionsAreToldToo) {
  ModelOptions options;
  options.fusion = "se_fusion:width=32:se=2";
  options.convolution = "direct";
  const std::vector<ModalityInfo> infos = {{"a", "image", {3, 64, 64}}, {"v", "image", {3, 64, 64}}};
  Model model(infos, 3, options, 0);
  const Tensor x = torch::ones({4, 3, 64, 64}), present = torch::ones({4}, torch::kBool);
  const std::vector<Feature> features = {model.encode(0, x, present), model.encode(1, x, present)};
  const Counter counter;
  model.fuse(features, torch::ones({4, 2}, torch::kBool));
  EXPECT_EQ(passes, 0);
  set_convolution_form(model, ConvolutionForm::winograd);
  model.fuse(features, torch::ones({4, 2}, torch::kBool));
  EXPECT_GT(passes, 0);
}

TEST(Convolution, EveryFormGivesTheSameToRounding) {
  torch::manual_seed(2);
  ResidualBlock block(32, 32, 1);
  for (const Tensor& value : block->parameters()) {
    if (value.dim() == 4) Tensor(value).set_data(value.detach().contiguous(kRows));
  }
  const Tensor x = torch::randn({2, 32, 5, 6}).contiguous(kRows);
  std::vector<Tensor> results;
  for (const std::string& name : convolution_form_names()) {
    set_convolution_form(*block, parse_convolution_form(name));
    results.push_back(block->forward(x).detach());
  }
  ASSERT_EQ(results.size(), 3U);
  for (const Tensor& result : results)
    EXPECT_LT(((result - results[2]).norm() / results[2].norm()).item<double>(), 5e-6);
  EXPECT_TRUE(at::equal(results[0], results[2]));  // too few tiles for auto
  EXPECT_FALSE(at::equal(results[1], results[2]));
}

// A convolution from elsewhere is automatic.
TEST(Convolution, WithoutAFormItIsAutomatic) {
  const torch::nn::Conv2d conv(torch::nn::Conv2dOptions(32, 32, 3).padding(1).bias(false));
  conv->weight.set_data(conv->weight.detach().contiguous(kRows));
  const Tensor x = torch::randn({4, 32, 16, 16}).contiguous(kRows);
  EXPECT_EQ(goes_by_winograd(*conv, x), fits_winograd(*conv, x));
  EXPECT_TRUE(goes_by_winograd(*conv, x));
}

TEST(Convolution, RefusesWhatItDoesNotKnowOrCannotDo) {
  EXPECT_THAT(convolution_form_names(), ::testing::ElementsAre("auto", "winograd", "direct"));
  expect_error(ErrorKind::usage, {"convolution", "unknown value 'winnograd'", "did you mean 'winograd'"},
               [] { parse_convolution_form("winnograd"); });
  expect_error(ErrorKind::usage, {"convolution winograd", "channels-last"},
               [] { passes_with("winograd", 96, /*channels_last=*/false); });
}

}  // namespace
}  // namespace pdmp::models

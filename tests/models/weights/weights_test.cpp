#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/weights/safetensors.h"
#include "pdmp/error.h"
#include "pdmp/model.h"
#include "support/temporary_directory.h"

namespace pdmp::models {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::TemporaryDirectory;

Model conv_model(const std::string& encoder, uint64_t seed) {
  ModelOptions options;
  options.encoders = {{"imu", encoder}};
  return Model({{"imu", "tensor", {2, 8}}}, 3, options, seed);
}

TEST(Weights, NamesAreThoseOfTheModel) {
  const TemporaryDirectory directory;
  const std::string path = directory / "w.safetensors";
  save_weights(conv_model("conv1d:width=2:depth=1", 0), path);
  const Safetensors content = read_safetensors(path);
  std::vector<std::string> names;
  for (const auto& [name, tensor] : content.tensors) names.push_back(name);
  EXPECT_THAT(names,
              ::testing::ElementsAre("encoders.imu.conv1.weight", "encoders.imu.bn1.weight", "encoders.imu.bn1.bias",
                                     "fusion.weight_0", "fusion.bias", "encoders.imu.bn1.running_mean",
                                     "encoders.imu.bn1.running_var", "encoders.imu.bn1.num_batches_tracked"));
  EXPECT_EQ(content.tensors.back().second.scalar_type(), torch::kInt64);
  EXPECT_EQ(content.metadata.at("format"), "pt");
}

TEST(Weights, LoadIsStrict) {
  const TemporaryDirectory directory;
  const std::string path = directory / "w.safetensors";
  save_weights(conv_model("conv1d:width=2:depth=2", 0), path);
  const auto message = [&](Model model) -> std::string {
    std::vector<Tensor> before;
    for (const Tensor& parameter : model.parameters()) before.push_back(parameter.detach().clone());
    try {
      load_weights(model, path);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::data);
      const std::vector<Tensor> after = model.parameters();
      for (size_t i = 0; i < after.size(); ++i) EXPECT_TRUE(torch::equal(after[i], before[i])) << "half loaded";
      return error.what();
    }
    return "nothing thrown";
  };
  EXPECT_THAT(message(conv_model("conv1d:width=4:depth=2", 1)),
              AllOf(HasSubstr(path), HasSubstr("of another shape"),
                    HasSubstr("encoders.imu.conv1.weight: expected (4, 2, 5), found (2, 2, 5)")));
  EXPECT_THAT(message(conv_model("conv1d:width=2:depth=3", 1)),
              AllOf(HasSubstr("6 missing (encoders.imu.conv3.weight"), HasSubstr("...")));
  EXPECT_THAT(message(conv_model("mlp:hidden=4", 1)), AllOf(HasSubstr("12 unknown ("), HasSubstr("2 missing")));
}

}  // namespace
}  // namespace pdmp::models

#include "methods/parts/linear_head.h"

#include <gmock/gmock.h>

#include "methods/toy_model.h"
#include "support/expect_error.h"

namespace pdmp::methods {
namespace {

using namespace testing;  // pdmp::testing

std::shared_ptr<Model> model_with(const std::string& fusion, const std::string& unimodal = "fusion") {
  ModelOptions options;
  options.fusion = fusion;
  options.unimodal = unimodal;
  options.encoders = {{"a", "mlp:hidden=2"}, {"v", "mlp:hidden=2"}};
  const std::vector<ModalityInfo> infos = {{"a", "vector", {1}}, {"v", "vector", {1}}};
  return std::make_shared<Model>(infos, 3, options, 0);
}

TEST(LinearHead, BlocksOfConcatAndSum) {
  for (const std::string fusion : {"concat", "sum"}) {
    for (const std::string unimodal : {"fusion", "probe"}) {
      const auto model = model_with(fusion, unimodal);
      const std::vector<Tensor> blocks = linear_blocks(*model);
      ASSERT_EQ(blocks.size(), 2u) << fusion;
      for (size_t m = 0; m < 2; ++m) EXPECT_EQ(blocks[m].sizes(), at::IntArrayRef({3, 2})) << fusion;
      EXPECT_FALSE(blocks[0].is_same(blocks[1]));
    }
  }
}

TEST(LinearHead, OtherFusionsHaveNone) {
  for (const std::string fusion :
       {"sum:shared=true", "film", "gated", "film_symmetric", "gated_symmetric", "film_bilinear", "attention"}) {
    EXPECT_TRUE(linear_blocks(*model_with(fusion)).empty()) << fusion;
  }
}

TEST(LinearHead, EncodesAsTheModelDoes) {
  const auto model = scalar_model();
  const std::vector<Feature> features = encode_all(*model, scalar_batch());
  const Outputs outputs = model->forward(scalar_batch(), false);
  ASSERT_EQ(features.size(), 2u);
  for (size_t m = 0; m < 2; ++m) EXPECT_TRUE(at::equal(features[m].pooled, outputs.features[m].pooled));
  Batch one = scalar_batch();
  one.inputs.pop_back();
  expect_error(ErrorKind::data, {"2 modalities", "found 1"}, [&] { encode_all(*model, one); });
}

}  // namespace
}  // namespace pdmp::methods

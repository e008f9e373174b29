// Data sets that a program makes of tensors or functions.
#include <ATen/Functions.h>
#include <gmock/gmock.h>

#include "pdmp/dataset.h"
#include "support/expect_error.h"

namespace pdmp::data {
namespace {

using testing::expect_error;

TEST(TensorDatasetOf, TypesFollowTheShapes) {
  const auto data = tensor_dataset({{"numbers", at::zeros({2, 3})},
                                    {"picture", at::zeros({2, 3, 8, 8})},
                                    {"video", at::zeros({2, 3, 4, 8, 8})},
                                    {"words", at::zeros({2, 5}, at::kLong)},
                                    {"series", at::zeros({2, 6, 9})},
                                    {"spectrum", at::zeros({2, 1, 8, 8}), "audio"}},
                                   at::tensor({0, 2}, at::kLong));
  std::vector<std::string> types;
  for (const ModalityInfo& info : data->modalities()) types.push_back(info.type);
  EXPECT_THAT(types, ::testing::ElementsAre("vector", "image", "frames", "text", "tensor", "audio"));
  EXPECT_EQ(data->modalities()[2].shape, (std::vector<int64_t>{3, 4, 8, 8}));
  EXPECT_THAT(data->classes(), ::testing::ElementsAre("0", "1", "2"));
  EXPECT_EQ(data->label(1), 2);
  EXPECT_EQ(data->get(0, nullptr).inputs[3].scalar_type(), at::kLong);
}

TEST(TensorDatasetOf, WhatDoesNotFitIsRefused) {
  const Tensor labels = at::tensor({0, 1}, at::kLong);
  expect_error(ErrorKind::data, {"'a'", "(2, 3)", "(3, 3)"}, [&] {
    tensor_dataset({{"a", at::zeros({3, 3})}}, labels);
  });
  expect_error(ErrorKind::data, {"from 0 to 0", "found 1"}, [&] {
    tensor_dataset({{"a", at::zeros({2, 3})}}, labels, {"only one"});
  });
}

FunctionDataset numbers() {
  return {.modalities = {{"a", "vector", {2}}, {"b", "vector", {1}}},
          .classes = {"x", "y"},
          .labels = {0, 1, 1},
          .inputs = [](int64_t index, RandomStream* augment) {
            const double value = augment == nullptr ? static_cast<double>(index) : augment->uniform();
            return std::vector<Tensor>{at::full({2}, value), index == 1 ? Tensor() : at::full({1}, value)};
          }};
}

TEST(FunctionDatasetOf, SamplesComeFromTheFunction) {
  const auto data = make_dataset(numbers());
  EXPECT_EQ(data->size(), 3);
  EXPECT_EQ(data->id(2), "2");
  const Sample second = data->get(1, nullptr);
  EXPECT_EQ(second.label, 1);
  EXPECT_THAT(second.present, ::testing::ElementsAre(true, false));
  EXPECT_EQ(second.inputs[0][0].item<double>(), 1);
  EXPECT_TRUE(at::equal(second.inputs[1], at::zeros({1})));
  RandomStream random(3);
  EXPECT_NE(data->get(2, &random).inputs[0][0].item<double>(), 2);

  Loader loader(data, {.batch_size = 3, .workers = 2});
  loader.start_epoch(0);
  const std::optional<Batch> batch = loader.next();
  ASSERT_TRUE(batch);
  EXPECT_TRUE(at::equal(batch->present.select(1, 1), at::tensor({1, 0, 1}, at::kLong).to(at::kBool)));
}

TEST(FunctionDatasetOf, WhatDoesNotFitIsRefused) {
  FunctionDataset wrong = numbers();
  wrong.labels = {0, 2};
  expect_error(ErrorKind::data, {"sample 1", "[0, 2)", "2"}, [&] { make_dataset(wrong); });
  wrong = numbers();
  wrong.inputs = [](int64_t, RandomStream*) { return std::vector<Tensor>{at::zeros({2})}; };
  expect_error(ErrorKind::data, {"sample 0", "2 inputs", "1"}, [&] { make_dataset(wrong)->get(0, nullptr); });
  wrong.inputs = [](int64_t, RandomStream*) { return std::vector<Tensor>{at::zeros({2}), at::zeros({3})}; };
  expect_error(ErrorKind::data, {"sample 0", "'b'", "(1)", "(3)"}, [&] { make_dataset(wrong)->get(0, nullptr); });
  wrong.inputs = [](int64_t, RandomStream*) { return std::vector<Tensor>{at::zeros({2}), at::zeros({1}, at::kLong)}; };
  expect_error(ErrorKind::data, {"'b'", "Float", "Long"}, [&] { make_dataset(wrong)->get(0, nullptr); });
}

}  // namespace
}  // namespace pdmp::data

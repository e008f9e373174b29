#include "pdmp/dataset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pdmp/error.h"
#include "pdmp/torch.h"
#include "support/expect_error.h"

namespace pdmp::data {
namespace {

using ::testing::ElementsAre;
using testing::expect_error;

std::shared_ptr<const Dataset> three_samples(Tensor present = {}) {
  return std::make_shared<TensorDataset>(
      std::vector<ModalityInfo>{{"a", "vector", {2}}, {"b", "vector", {1}}}, std::vector<std::string>{"no", "yes"},
      std::vector<Tensor>{torch::tensor({{1.f, 2.f}, {3.f, 4.f}, {5.f, 6.f}}), torch::tensor({{7.f}, {8.f}, {9.f}})},
      torch::tensor({0, 1, 0}, torch::kInt64), std::move(present));
}

TEST(TensorDataset, GivesSamples) {
  const auto data = three_samples();
  const Sample sample = data->get(1, nullptr);
  EXPECT_EQ(sample.label, 1);
  EXPECT_THAT(sample.present, ElementsAre(true, true));
  EXPECT_TRUE(sample.inputs[0].equal(torch::tensor({3.f, 4.f})));
  EXPECT_EQ(data->id(1), "1");
}

TEST(TensorDataset, AbsentModalitiesAreZeros) {
  const auto data = three_samples(torch::tensor({{true, true}, {false, true}, {true, false}}));
  const Sample sample = data->get(1, nullptr);
  EXPECT_THAT(sample.present, ElementsAre(false, true));
  EXPECT_TRUE(sample.inputs[0].equal(torch::zeros({2})));
  EXPECT_EQ(sample.inputs[1].item<float>(), 8.f);
}

TEST(TensorDataset, RefusesWhatDoesNotFit) {
  const std::vector<ModalityInfo> infos = {{"a", "vector", {2}}};
  const Tensor labels = torch::tensor({0, 1}, torch::kInt64);
  const auto refused = [&](const Tensor& input, const Tensor& given, const std::string& words) {
    expect_error(ErrorKind::data, {words}, [&] { TensorDataset(infos, {"x", "y"}, {input}, given); });
  };
  refused(torch::zeros({3, 2}), labels, "modality 'a': expected a tensor of shape (2, 2), found (3, 2)");
  refused(torch::zeros({2, 2}), torch::tensor({0, 2}, torch::kInt64), "expected values from 0 to 1");
  refused(torch::zeros({2, 2}), torch::zeros({2}), "int64");
}

TEST(SelectSamples, RenumbersSamples) {
  const auto view = select_samples(three_samples(), {2, 1});
  EXPECT_EQ(view->size(), 2);
  EXPECT_EQ(view->id(0), "2");
  EXPECT_EQ(view->label(1), 1);
  EXPECT_EQ(view->get(0, nullptr).inputs[1].item<float>(), 9.f);
  expect_error(ErrorKind::data, {"from 0 to 2, found 3"}, [] { select_samples(three_samples(), {3}); });
}

TEST(SelectModalities, KeepsTheOrderGivenAndNests) {
  const auto view = select_modalities(three_samples(), {"b", "a"});
  EXPECT_EQ(view->modalities()[0].name, "b");
  EXPECT_EQ(view->get(0, nullptr).inputs[0].item<float>(), 7.f);
  const auto one = select_modalities(select_samples(view, {1}), {"a"});
  const Sample sample = one->get(0, nullptr);
  ASSERT_EQ(sample.inputs.size(), 1u);
  EXPECT_TRUE(sample.inputs[0].equal(torch::tensor({3.f, 4.f})));
  EXPECT_EQ(one->get_modalities(0, {0}, nullptr).inputs.size(), 1u);
}

TEST(SelectModalities, NamesTheNearest) {
  const auto data = std::make_shared<TensorDataset>(
      std::vector<ModalityInfo>{{"audio", "vector", {1}}}, std::vector<std::string>{"x", "y"},
      std::vector<Tensor>{torch::zeros({1, 1})}, torch::zeros({1}, torch::kInt64));
  expect_error(ErrorKind::usage, {"unknown modality 'audoi'; did you mean 'audio'?"},
               [&] { select_modalities(data, {"audoi"}); });
  expect_error(ErrorKind::usage, {"twice"}, [&] { select_modalities(data, {"audio", "audio"}); });
}

TEST(Collate, StacksSamples) {
  const auto data = three_samples(torch::tensor({{true, true}, {false, true}, {true, false}}));
  const Batch batch = collate({data->get(2, nullptr), data->get(1, nullptr)}, {2, 1});
  EXPECT_EQ(batch.size(), 2);
  EXPECT_TRUE(batch.inputs[0].equal(torch::tensor({{5.f, 6.f}, {0.f, 0.f}})));
  EXPECT_TRUE(batch.present.equal(torch::tensor({{true, false}, {false, true}})));
  EXPECT_TRUE(batch.labels.equal(torch::tensor({0, 1}, torch::kInt64)));
  EXPECT_TRUE(batch.index.equal(torch::tensor({2, 1}, torch::kInt64)));
}

TEST(Collate, NamesTheSampleOfAnotherShape) {
  Sample a{{torch::zeros({2})}, {true}, 0}, b{{torch::zeros({3})}, {true}, 0};
  expect_error(ErrorKind::data, {"sample 7, modality 0: expected shape (2) as in sample 4, found (3)"}, [&] {
    collate({a, b}, {4, 7});
  });
}

}  // namespace
}  // namespace pdmp::data

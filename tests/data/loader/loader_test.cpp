#include <atomic>
#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>
#include <thread>
#include <torch/utils.h>

#include "pdmp/dataset.h"
#include "pdmp/error.h"

namespace pdmp::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Sample i is (i, a number of its augmentation); samples of `broken` throw.
class CountingDataset : public Dataset {
 public:
  explicit CountingDataset(int64_t size, std::set<int64_t> broken = {}) : size_(size), broken_(std::move(broken)) {}
  int64_t size() const override { return size_; }
  const std::vector<ModalityInfo>& modalities() const override { return infos_; }
  const std::vector<std::string>& classes() const override { return classes_; }
  int64_t label(int64_t index) const override { return index % 2; }
  std::string id(int64_t index) const override { return std::to_string(index); }
  Sample get(int64_t index, RandomStream* augment) const override {
    ++loads;
    // Later samples are done first, so that only the order of the loader can put them right.
    std::this_thread::sleep_for(std::chrono::microseconds(index % 3 == 0 ? 300 : 10));
    if (broken_.contains(index)) throw Error(ErrorKind::data, "sample " + std::to_string(index) + " is broken");
    const auto random = augment != nullptr ? static_cast<float>(augment->uniform()) : 0.f;
    return {{torch::tensor({static_cast<float>(index), random})}, {true}, label(index)};
  }
  mutable std::atomic<int64_t> loads = 0;

 private:
  int64_t size_;
  std::set<int64_t> broken_;
  std::vector<ModalityInfo> infos_ = {{"x", "vector", {2}}};
  std::vector<std::string> classes_ = {"even", "odd"};
};

LoaderOptions options(int64_t batch_size, int64_t workers) {
  LoaderOptions result;
  result.batch_size = batch_size;
  result.workers = workers;
  return result;
}

LoaderOptions training_options(int64_t workers) {
  LoaderOptions result = options(4, workers);
  result.shuffle = result.augment = true;
  result.seed = 5;
  return result;
}

std::vector<Batch> rest(Loader& loader) {
  std::vector<Batch> batches;
  while (auto batch = loader.next()) batches.push_back(std::move(*batch));
  return batches;
}

std::vector<Batch> epoch_of(Loader& loader, int64_t epoch, int64_t first = 0) {
  loader.start_epoch(epoch, first);
  return rest(loader);
}

void expect_equal(const std::vector<Batch>& a, const std::vector<Batch>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_TRUE(a[i].inputs[0].equal(b[i].inputs[0])) << "batch " << i;
    EXPECT_TRUE(a[i].index.equal(b[i].index)) << "batch " << i;
    EXPECT_TRUE(a[i].labels.equal(b[i].labels)) << "batch " << i;
  }
}

std::vector<int64_t> indices(const std::vector<Batch>& batches) {
  std::vector<int64_t> result;
  for (const Batch& batch : batches) {
    const int64_t* begin = batch.index.data_ptr<int64_t>();
    result.insert(result.end(), begin, begin + batch.size());
  }
  return result;
}

TEST(Loader, ServesEverySampleOnceInOrder) {
  for (const int64_t workers : {0, 1, 3}) {
    Loader loader(std::make_shared<CountingDataset>(10), options(4, workers));
    EXPECT_EQ(loader.batches(), 3);
    const auto batches = epoch_of(loader, 0);
    EXPECT_THAT(indices(batches), ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
    EXPECT_EQ(batches.back().size(), 2);
    EXPECT_FALSE(loader.next().has_value());
  }
}

TEST(Loader, DropsTheIncompleteBatchWhereAsked) {
  LoaderOptions wanted = options(4, 1);
  wanted.drop_last = true;
  Loader loader(std::make_shared<CountingDataset>(10), wanted);
  EXPECT_EQ(loader.batches(), 2);
  EXPECT_EQ(indices(epoch_of(loader, 0)).size(), 8u);
}

TEST(Loader, WorkersChangeNothing) {
  const auto data = std::make_shared<CountingDataset>(23);
  Loader alone(data, training_options(0));
  for (const int64_t workers : {1, 4}) {
    Loader loader(data, training_options(workers));
    for (const int64_t epoch : {0, 1, 7}) expect_equal(epoch_of(alone, epoch), epoch_of(loader, epoch));
  }
}

TEST(Loader, EpochsDifferInOrderAndAugmentation) {
  Loader loader(std::make_shared<CountingDataset>(23), training_options(2));
  const auto first = epoch_of(loader, 0), second = epoch_of(loader, 1);
  EXPECT_NE(indices(first), indices(second));
  expect_equal(first, epoch_of(loader, 0));
  std::set<float> random;
  for (const auto& batches : {first, second}) {
    for (const Batch& batch : batches) {
      for (int64_t i = 0; i < batch.size(); ++i) random.insert(batch.inputs[0][i][1].item<float>());
    }
  }
  EXPECT_EQ(random.size(), 46u);
}

TEST(Loader, ResumesInTheMiddleOfAnEpoch) {
  for (const int64_t workers : {0, 2}) {
    Loader loader(std::make_shared<CountingDataset>(23), training_options(workers));
    auto whole = epoch_of(loader, 3);
    whole.erase(whole.begin(), whole.begin() + 2);
    expect_equal(whole, epoch_of(loader, 3, 2));
    EXPECT_TRUE(epoch_of(loader, 3, loader.batches()).empty());
    EXPECT_THROW(loader.start_epoch(3, loader.batches() + 1), Error);
  }
}

TEST(Loader, StartsAgainInTheMiddleOfAnEpoch) {
  Loader loader(std::make_shared<CountingDataset>(40), training_options(3)),
      fresh(std::make_shared<CountingDataset>(40), training_options(3));
  loader.start_epoch(0);
  loader.next();
  expect_equal(epoch_of(loader, 1), epoch_of(fresh, 1));
}

// Nine of ten samples are of class 0; as many are drawn as there are.
TEST(Loader, BalancedDrawsEveryClassAsOften) {
  const int64_t size = 2000;
  Tensor labels = torch::zeros({size}, torch::kInt64);
  labels.narrow(0, 0, size / 10).fill_(2);  // and none of class 1
  const auto data = std::make_shared<TensorDataset>(std::vector<ModalityInfo>{{"x", "vector", {1}}},
                                                    std::vector<std::string>{"a", "b", "c"},
                                                    std::vector{torch::zeros({size, 1})}, labels);
  LoaderOptions wanted = options(64, 0);
  wanted.balanced = true;
  Loader loader(data, wanted);
  const auto drawn = epoch_of(loader, 0);
  const auto numbers = indices(drawn);
  EXPECT_EQ(numbers.size(), 2000u);
  const auto rare = std::count_if(numbers.begin(), numbers.end(), [](int64_t i) { return i < 200; });
  EXPECT_NEAR(static_cast<double>(rare), 1000, 3 * 22.4);  // three standard deviations, sqrt(2000) / 2
  EXPECT_GT(std::set<int64_t>(numbers.begin(), numbers.begin() + 64).size(), 55u);
  EXPECT_NE(indices(epoch_of(loader, 1)), numbers);
  auto whole = epoch_of(loader, 0);
  whole.erase(whole.begin(), whole.begin() + 5);
  EXPECT_EQ(indices(epoch_of(loader, 0, 5)), indices(whole));
}

TEST(Loader, ASampleDrawnTwiceIsAugmentedInTwoWays) {
  LoaderOptions wanted = training_options(2);
  wanted.balanced = true;
  Loader loader(std::make_shared<CountingDataset>(23), wanted), other(std::make_shared<CountingDataset>(23), wanted);
  const auto batches = epoch_of(loader, 0);
  expect_equal(batches, epoch_of(other, 0));
  const auto drawn = indices(batches);
  EXPECT_LT(std::set<int64_t>(drawn.begin(), drawn.end()).size(), 23u);
  std::set<float> random;
  for (const Batch& batch : batches) {
    for (int64_t i = 0; i < batch.size(); ++i) random.insert(batch.inputs[0][i][1].item<float>());
  }
  EXPECT_EQ(random.size(), 23u);
}

TEST(Loader, ThrowsTheFirstErrorInOrder) {
  for (const int64_t workers : {0, 4}) {
    Loader loader(std::make_shared<CountingDataset>(20, std::set<int64_t>{9, 10, 17}), options(4, workers));
    loader.start_epoch(0);
    EXPECT_TRUE(loader.next().has_value());
    EXPECT_TRUE(loader.next().has_value());
    try {
      loader.next();
      FAIL() << "nothing was thrown";
    } catch (const Error& error) {
      EXPECT_STREQ(error.what(), "sample 9 is broken");
    }
    EXPECT_FALSE(loader.next().has_value());
  }
}

TEST(Loader, UsesMemoryAgainOnceNobodyHoldsIt) {
  for (const int64_t workers : {0, 2}) {
    Loader loader(std::make_shared<CountingDataset>(400), options(4, workers));
    loader.start_epoch(0);
    const Tensor kept = loader.next()->inputs[0][1];  // a view holds all of it
    std::set<const void*> places;
    int64_t first = 4;
    while (const auto batch = loader.next()) {
      places.insert(batch->inputs[0].data_ptr());
      EXPECT_EQ(batch->inputs[0][3][0].item<float>(), static_cast<float>(first + 3));
      first += 4;
    }
    EXPECT_EQ(kept[0].item<float>(), 1);
    EXPECT_FALSE(places.contains(kept.storage().data()));
    EXPECT_LE(places.size(), 8u) << workers << " workers";  // of 99 batches
  }
}

TEST(Loader, NamesTheSampleOfAnotherShape) {
  class Uneven : public CountingDataset {
   public:
    Uneven() : CountingDataset(8) {}
    Sample get(int64_t index, RandomStream*) const override {
      return {{torch::zeros({index == 6 ? 3 : 2})}, {true}, label(index)};
    }
  };
  Loader loader(std::make_shared<Uneven>(), options(4, 0));
  loader.start_epoch(0);
  EXPECT_TRUE(loader.next().has_value());
  try {
    loader.next();
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "sample 6, modality 0: expected shape (2) as in sample 4, found (3)");
  }
}

TEST(Loader, LoadsNoFurtherAheadThanAsked) {
  const auto data = std::make_shared<CountingDataset>(100);
  LoaderOptions wanted = options(5, 4);
  wanted.prefetch = 2;
  Loader loader(data, wanted);
  loader.start_epoch(0);
  loader.next();
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_LE(data->loads, 15);  // the batch handed out and two ahead
  const auto idle = std::make_shared<CountingDataset>(100);
  Loader lazy(idle, options(5, 0));
  lazy.start_epoch(0);
  EXPECT_EQ(idle->loads, 0);
}

TEST(Loader, EndsInTheMiddleOfAnEpoch) {
  for (int round = 0; round < 20; ++round) {
    Loader loader(std::make_shared<CountingDataset>(50), training_options(4));
    loader.start_epoch(round);
    for (int i = 0; i < round % 4; ++i) loader.next();
  }
}

TEST(Loader, GivesNothingBeforeTheFirstEpochAndOfNoSamples) {
  Loader loader(std::make_shared<CountingDataset>(5), options(2, 1));
  EXPECT_FALSE(loader.next().has_value());
  Loader empty(std::make_shared<CountingDataset>(0), options(2, 1));
  EXPECT_EQ(empty.batches(), 0);
  EXPECT_TRUE(epoch_of(empty, 0).empty());
}

TEST(Loader, CountsTheTimeItWaits) {
  Loader loader(std::make_shared<CountingDataset>(12), options(4, 0));
  EXPECT_EQ(loader.wait_seconds(), 0);
  epoch_of(loader, 0);
  EXPECT_GT(loader.wait_seconds(), 1e-3);  // 4 samples sleep 0.3 ms each
}

TEST(Loader, LeavesTheThreadsOfTheCallerAsTheyAre) {
  const int before = torch::get_num_threads();
  torch::set_num_threads(2);
  const Loader loader(std::make_shared<CountingDataset>(12), options(4, 3));
  EXPECT_EQ(torch::get_num_threads(), 2);
  torch::set_num_threads(before);
}

TEST(Loader, WorksWithOneThreadAWorker) {
  struct ThreadsDataset : CountingDataset {
    using CountingDataset::CountingDataset;
    Sample get(int64_t index, RandomStream* augment) const override {
      most = std::max<int>(most, torch::get_num_threads());
      return CountingDataset::get(index, augment);
    }
    mutable std::atomic<int> most = 0;
  };
  const int before = torch::get_num_threads();
  torch::set_num_threads(2);
  const auto data = std::make_shared<ThreadsDataset>(12);
  Loader loader(data, options(4, 3));
  epoch_of(loader, 0);
  EXPECT_EQ(data->most, 1);
  torch::set_num_threads(before);
}

TEST(Loader, RefusesImpossibleOptions) {
  const auto message_of = [](const LoaderOptions& wanted) -> std::string {
    try {
      Loader(std::make_shared<CountingDataset>(3), wanted);
    } catch (const Error& error) {
      return error.what();
    }
    return "nothing was thrown";
  };
  EXPECT_THAT(message_of(options(0, 1)), HasSubstr("batch_size: expected at least 1, found 0"));
  EXPECT_THAT(message_of(options(2, -1)), HasSubstr("expected at least 0, found -1"));
  LoaderOptions dropping = options(4, 1);
  dropping.drop_last = true;
  EXPECT_THAT(message_of(dropping), HasSubstr("expected at least one batch of 4 samples, found 3"));
}

}  // namespace
}  // namespace pdmp::data

#include "pdmp/random.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <map>
#include <set>
#include <stdexcept>

#include "support/expect_error.h"

namespace pdmp {
namespace {

using testing::expect_error;

// The output the authors' C code gives from state {1, 2, 3, 4}.
TEST(RandomStream, IsXoshiro256StarStar) {
  RandomStream random(0);
  random.load("0000000000000001000000000000000200000000000000030000000000000004");
  for (const uint64_t expected :
       {uint64_t{11520}, uint64_t{0}, uint64_t{1509978240}, uint64_t{1215971899390074240},
        uint64_t{1216172134540287360}, uint64_t{607988272756665600}, uint64_t{16172922978634559625u},
        uint64_t{8476171486693032832}, uint64_t{10595114339597558777u}, uint64_t{2904607092377533576}}) {
    EXPECT_EQ(random.next(), expected);
  }
}

// splitmix64 from 0 begins e220a8397b1dcdaf 6e789e6aa1b965f4 06c45d188009454f f88bb8a8724c81ec.
TEST(RandomStream, IsSeededBySplitmix64) {
  EXPECT_EQ(RandomStream(0).save(), "e220a8397b1dcdaf6e789e6aa1b965f406c45d188009454ff88bb8a8724c81ec");
  RandomStream random(42);
  EXPECT_EQ(random.next(), 0x15780b2e0c2ec716u);
  EXPECT_EQ(random.next(), 0x6104d9866d113a7eu);
}

TEST(RandomStream, UniformTakes53Bits) {
  RandomStream random(42);
  EXPECT_EQ(random.uniform(), 0.08386297105988216);
  EXPECT_EQ(random.uniform(), 0.3789802506626686);
  EXPECT_EQ(random.uniform(-1, 1), 2 * 0.6800434110281394 - 1);
}

TEST(RandomStream, NormalKnownValues) {
  RandomStream random(42);
  EXPECT_NEAR(random.normal(), -0.7262191382447857, 1e-14);
  EXPECT_NEAR(random.normal(), -0.21119691823195985, 1e-14);
}

TEST(RandomStream, NormalMoments) {
  RandomStream random(1);
  const int n = 200000;
  double sum = 0, squares = 0, fourth = 0;
  for (int i = 0; i < n; ++i) {
    const double x = random.normal();
    sum += x, squares += x * x, fourth += x * x * x * x;
  }
  EXPECT_NEAR(sum / n, 0, 0.01);
  EXPECT_NEAR(squares / n, 1, 0.015);
  EXPECT_NEAR(fourth / n, 3, 0.1);
}

TEST(RandomStream, IntegersAreUniformAndInclusive) {
  RandomStream random(3);
  std::map<int64_t, int> counts;
  const int n = 60000;
  for (int i = 0; i < n; ++i) ++counts[random.integer(-2, 3)];
  ASSERT_EQ(counts.size(), 6u);
  EXPECT_EQ(counts.begin()->first, -2);
  EXPECT_EQ(counts.rbegin()->first, 3);
  double chi_square = 0;
  for (const auto& [value, count] : counts) chi_square += std::pow(count - n / 6.0, 2) / (n / 6.0);
  EXPECT_LT(chi_square, 20.5);  // 5 degrees of freedom, p = 0.001
}

TEST(RandomStream, IntegerEdges) {
  RandomStream random(3);
  EXPECT_EQ(random.integer(7, 7), 7);
  EXPECT_THROW(random.integer(1, 0), std::logic_error);
  const int64_t low = std::numeric_limits<int64_t>::min(), high = std::numeric_limits<int64_t>::max();
  RandomStream other(3);
  other.next();  // integer(7, 7) took one
  EXPECT_EQ(random.integer(low, high), static_cast<int64_t>(other.next() + (uint64_t{1} << 63)));
}

// A range of 3 * 2^62 wraps a plain remainder: the lowest third would come out twice as often.
TEST(RandomStream, IntegersOfAHugeRangeAreUnbiased) {
  RandomStream random(5);
  const int64_t high = std::numeric_limits<int64_t>::max(), low = -(int64_t{1} << 62);
  int lowest_third = 0;
  const int n = 30000;
  for (int i = 0; i < n; ++i) lowest_third += random.integer(low, high) < 0;
  EXPECT_NEAR(lowest_third / static_cast<double>(n), 1.0 / 3, 0.015);
}

TEST(RandomStream, Bernoulli) {
  RandomStream random(9);
  int hits = 0;
  for (int i = 0; i < 20000; ++i) hits += random.bernoulli(0.3);
  EXPECT_NEAR(hits / 20000.0, 0.3, 0.02);
  EXPECT_FALSE(random.bernoulli(0));
  EXPECT_TRUE(random.bernoulli(1));
}

TEST(RandomStream, ShufflesAreUniformOverAllOrders) {
  RandomStream random(11);
  std::map<std::vector<int>, int> counts;
  const int n = 24000;
  for (int i = 0; i < n; ++i) {
    std::vector<int> order = {0, 1, 2, 3};
    random.shuffle(order);
    ++counts[order];
  }
  ASSERT_EQ(counts.size(), 24u);
  double chi_square = 0;
  for (const auto& [order, count] : counts) chi_square += std::pow(count - 1000.0, 2) / 1000.0;
  EXPECT_LT(chi_square, 49.7);  // 23 degrees of freedom, p = 0.001
  std::vector<int> empty, one = {5};
  random.shuffle(empty);
  random.shuffle(one);
  EXPECT_EQ(one, std::vector<int>{5});
}

TEST(RandomStream, SaveAndLoadContinueExactly) {
  RandomStream random(13);
  random.normal();  // leaves a spare
  const std::string saved = random.save();
  RandomStream copy(0);
  copy.load(saved);
  EXPECT_EQ(copy.save(), saved);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(copy.normal(), random.normal());
  copy.load(RandomStream(1).save());  // without a spare
  EXPECT_EQ(copy.normal(), RandomStream(1).normal());
}

TEST(RandomStream, LoadRefusesWhatItDidNotSave) {
  RandomStream random(1);
  const std::string before = random.save();
  expect_error(ErrorKind::data, {"64 or 80", "found 3"}, [&] { random.load("abc"); });
  expect_error(ErrorKind::data, {"hexadecimal"}, [&] { random.load(std::string(63, '1') + "x"); });
  expect_error(ErrorKind::data, {"hexadecimal"}, [&] { random.load(std::string(64, '1') + std::string(16, '-')); });
  expect_error(ErrorKind::data, {"all zero"}, [&] { random.load(std::string(64, '0')); });
  EXPECT_EQ(random.save(), before);
}

// Numbers of an independent computation: a change would change every run made before it.
TEST(StreamSeed, KnownValues) {
  EXPECT_EQ(stream_seed(0, ""), 0xe220a8397b1dcdafu);
  EXPECT_EQ(stream_seed(0, "shuffle"), 0xf21486ef51c0c797u);
  EXPECT_EQ(stream_seed(1, "shuffle"), 0xb6f7e4877d62a5ccu);
  EXPECT_EQ(stream_seed(7, "augment/3/17"), 0xabaa3b1ce2789fabu);
}

TEST(StreamSeed, NamesAndSeedsDoNotCollide) {
  std::set<uint64_t> seen;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    for (int i = 0; i < 50; ++i) {
      for (int j = 0; j < 50; ++j) {
        seen.insert(stream_seed(seed, "augment/" + std::to_string(i) + "/" + std::to_string(j)));
      }
    }
  }
  EXPECT_EQ(seen.size(), 20u * 50 * 50);
}

TEST(StreamSeed, StreamsAreIndependent) {
  RandomStream a = random_stream(0, "a"), b = random_stream(0, "b");
  double product = 0;
  const int n = 50000;
  for (int i = 0; i < n; ++i) product += (a.uniform() - 0.5) * (b.uniform() - 0.5);
  EXPECT_NEAR(12 * product / n, 0, 0.02);  // correlation
  EXPECT_EQ(random_stream(5, "x").next(), RandomStream(stream_seed(5, "x")).next());
}

}  // namespace
}  // namespace pdmp

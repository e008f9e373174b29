// Named random streams of one seed. Streams of different names are independent, and a stream does not depend on how
// often others were used: a method, worker or option never changes the numbers of another.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pdmp {

// Generator xoshiro256**, seeded by splitmix64. It gives the same numbers on every machine and standard library. Not
// thread-safe: one stream for each thread.
class RandomStream {
 public:
  explicit RandomStream(uint64_t seed);  // any seed, 0 included

  uint64_t next();                             // uniform over all 64-bit values
  double uniform();                            // in [0, 1), 53 random bits
  double uniform(double low, double high);     // low + (high - low) uniform()
  int64_t integer(int64_t low, int64_t high);  // in [low, high], unbiased; std::logic_error where low > high
  double normal();                             // mean 0, standard deviation 1
  bool bernoulli(double probability);          // true with this probability, in [0, 1]

  // Shuffles in place; every order has the same probability (Fisher-Yates).
  template <class T>
  void shuffle(std::vector<T>& values) {
    for (size_t i = values.size(); i > 1; --i) {
      std::swap(values[i - 1], values[static_cast<size_t>(integer(0, static_cast<int64_t>(i) - 1))]);
    }
  }

  std::string save() const;          // state as 64 or 80 hexadecimal digits, for `load`
  void load(std::string_view text);  // Error{data} where the text is not a state, which then stays as it was

 private:
  std::array<uint64_t, 4> state_;
  double spare_normal_ = 0;
  bool has_spare_ = false;
};

// Seed of the stream `name` of `seed`. Names may have parts: "augment/3/17".
uint64_t stream_seed(uint64_t seed, std::string_view name);
RandomStream random_stream(uint64_t seed, std::string_view name);  // the stream with that seed

}  // namespace pdmp

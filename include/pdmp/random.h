// Named random streams of one seed. Two streams with different names are independent; a stream does not depend on how
// often any other one was used, so a method, a worker or an option never shifts somebody else's numbers.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pdmp {

// xoshiro256**, seeded through splitmix64. Same numbers on every machine and standard library.
class RandomStream {
 public:
  explicit RandomStream(uint64_t seed);

  uint64_t next();
  double uniform();  // [0, 1), 53 bits
  double uniform(double low, double high);
  int64_t integer(int64_t low, int64_t high);  // inclusive at both ends, unbiased
  double normal();                             // mean 0, standard deviation 1
  bool bernoulli(double probability);

  template <class T>
  void shuffle(std::vector<T>& values) {  // Fisher-Yates
    for (size_t i = values.size(); i > 1; --i) {
      std::swap(values[i - 1], values[static_cast<size_t>(integer(0, static_cast<int64_t>(i) - 1))]);
    }
  }

  std::string save() const;          // hexadecimal state, read back by `load`
  void load(std::string_view text);  // throws Error{data}

 private:
  std::array<uint64_t, 4> state_;
  double spare_normal_ = 0;
  bool has_spare_ = false;
};

// Seed of the stream `name` of `seed`; `name` may be a path: "augment/3/17".
uint64_t stream_seed(uint64_t seed, std::string_view name);
RandomStream random_stream(uint64_t seed, std::string_view name);

}  // namespace pdmp

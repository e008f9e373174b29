#include "pdmp/random.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <fmt/format.h>
#include <stdexcept>

#include "pdmp/error.h"

namespace pdmp {
namespace {

constexpr uint64_t kGolden = 0x9E3779B97F4A7C15;

// Output function of splitmix64: every input bit moves half of the output bits.
uint64_t mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

uint64_t parse_word(std::string_view digits) {
  uint64_t word = 0;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), word, 16);
  if (result.ec != std::errc() || result.ptr != digits.data() + digits.size()) {
    throw Error(ErrorKind::data, fmt::format("random state: expected hexadecimal digits, found '{}'", digits));
  }
  return word;
}

}  // namespace

RandomStream::RandomStream(uint64_t seed) {
  for (uint64_t& word : state_) word = mix(seed += kGolden);
}

uint64_t RandomStream::next() {
  const uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const uint64_t shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

double RandomStream::uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }

double RandomStream::uniform(double low, double high) { return low + (high - low) * uniform(); }

int64_t RandomStream::integer(int64_t low, int64_t high) {
  if (low > high) throw std::logic_error(fmt::format("no whole number lies in [{}, {}]", low, high));
  const uint64_t count = static_cast<uint64_t>(high) - static_cast<uint64_t>(low) + 1;  // 0: all 2^64 of them
  uint64_t draw = next();
  if (count != 0) {
    const uint64_t uneven = (0 - count) % count;  // 2^64 mod count lowest draws would favour some results
    while (draw < uneven) draw = next();
    draw %= count;
  }
  return static_cast<int64_t>(static_cast<uint64_t>(low) + draw);
}

// Marsaglia's polar method: two at a time.
double RandomStream::normal() {
  if (has_spare_) {
    has_spare_ = false;
    return spare_normal_;
  }
  double x = 0, y = 0, radius = 0;
  do {
    x = uniform(-1, 1);
    y = uniform(-1, 1);
    radius = x * x + y * y;
  } while (radius >= 1 || radius == 0);
  const double scale = std::sqrt(-2 * std::log(radius) / radius);
  spare_normal_ = y * scale;
  has_spare_ = true;
  return x * scale;
}

bool RandomStream::bernoulli(double probability) { return uniform() < probability; }

std::string RandomStream::save() const {
  std::string text;
  for (const uint64_t word : state_) text += fmt::format("{:016x}", word);
  if (has_spare_) text += fmt::format("{:016x}", std::bit_cast<uint64_t>(spare_normal_));
  return text;
}

void RandomStream::load(std::string_view text) {
  if (text.size() != 64 && text.size() != 80) {
    throw Error(ErrorKind::data, fmt::format("random state: expected 64 or 80 digits, found {}", text.size()));
  }
  std::array<uint64_t, 4> state{};
  for (size_t i = 0; i < state.size(); ++i) state[i] = parse_word(text.substr(16 * i, 16));
  if (std::all_of(state.begin(), state.end(), [](uint64_t word) { return word == 0; })) {
    throw Error(ErrorKind::data, "random state: expected one that is not all zero, found zeros");
  }
  const bool has_spare = text.size() == 80;
  spare_normal_ = has_spare ? std::bit_cast<double>(parse_word(text.substr(64))) : 0;
  has_spare_ = has_spare;
  state_ = state;
}

uint64_t stream_seed(uint64_t seed, std::string_view name) {
  uint64_t hash = mix(seed + kGolden);
  for (const char c : name) hash = mix((hash ^ static_cast<unsigned char>(c)) + kGolden);
  return hash;
}

RandomStream random_stream(uint64_t seed, std::string_view name) { return RandomStream(stream_seed(seed, name)); }

}  // namespace pdmp

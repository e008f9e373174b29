#include "data/tables/packed_texts.h"

#include <fmt/format.h>
#include <stdexcept>

namespace pdmp::data {
namespace {

constexpr unsigned kBits = 7, kMore = 1u << kBits;

void append_length(std::string& bytes, size_t length) {
  for (; length >= kMore; length >>= kBits) bytes += static_cast<char>(length % kMore | kMore);
  bytes += static_cast<char>(length);
}

}  // namespace

void PackedTexts::add(const std::vector<std::string>& texts) {
  begins_.push_back(bytes_.size());
  for (const std::string& text : texts) {
    append_length(bytes_, text.size());
    bytes_ += text;
  }
}

// The text at `at`, which moves behind it.
std::string_view PackedTexts::next(size_t& at) const {
  size_t length = 0;
  for (unsigned shift = 0;; shift += kBits) {
    const auto byte = static_cast<unsigned char>(bytes_[at++]);
    length |= static_cast<size_t>(byte % kMore) << shift;
    if (byte < kMore) break;
  }
  const std::string_view text(bytes_.data() + at, length);
  at += length;
  return text;
}

std::vector<std::string> PackedTexts::list(size_t i) const {
  std::vector<std::string> texts;
  for (size_t at = begins_.at(i); at < end_of(i);) texts.emplace_back(next(at));
  return texts;
}

std::string_view PackedTexts::text(size_t i, size_t k) const {
  for (size_t at = begins_.at(i); at < end_of(i); --k) {
    const std::string_view text = next(at);
    if (k == 0) return text;
  }
  throw std::out_of_range(fmt::format("list {} of texts has fewer than asked for", i));
}

}  // namespace pdmp::data

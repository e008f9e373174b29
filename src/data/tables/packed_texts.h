// Many short lists of text in one piece of memory.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pdmp::data {

// A text takes its bytes and one for its length (two from 128 on ...), a list eight more; a std::vector<std::string>
// takes 40 to 100 bytes a text, in pieces that leave holes where they are freed.
class PackedTexts {
 public:
  void add(const std::vector<std::string>& texts);
  void reserve(size_t lists) { begins_.reserve(lists); }

  size_t size() const { return begins_.size(); }    // lists
  std::vector<std::string> list(size_t i) const;    // throws std::out_of_range, as does
  std::string_view text(size_t i, size_t k) const;  // text k of list i, valid until the next `add`

 private:
  size_t end_of(size_t i) const { return i + 1 < begins_.size() ? begins_[i + 1] : bytes_.size(); }
  std::string_view next(size_t& at) const;

  std::string bytes_;           // of each text its length, seven bits a byte, and the text
  std::vector<size_t> begins_;  // of each list in bytes_
};

}  // namespace pdmp::data

// Goes through rows that are made when they are asked for.
#pragma once

#include <cstddef>

namespace pdmp::data {

// For range-based loops. `Rows` has at(i), which gives a row by value.
template <class Rows>
class RowIterator {
 public:
  RowIterator(const Rows& rows, size_t at) : rows_(&rows), at_(at) {}

  auto operator*() const { return rows_->at(at_); }
  RowIterator& operator++() {
    ++at_;
    return *this;
  }
  bool operator==(const RowIterator& other) const { return at_ == other.at_; }

 private:
  const Rows* rows_;
  size_t at_;
};

}  // namespace pdmp::data

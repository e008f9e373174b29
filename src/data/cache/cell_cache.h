// Tensors of cells that come out the same every time, kept in memory up to a limit.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <tuple>

#include "pdmp/tensor.h"

namespace pdmp::data {

// Safe to use from several threads. What is kept is shared with whoever asks: nobody may write into it.
class CellCache {
 public:
  using Key = std::tuple<size_t, int64_t, bool>;  // modality, index, in training

  explicit CellCache(int64_t max_bytes) : max_bytes_(max_bytes) {}

  Tensor find(const Key& key) const;  // undefined where it is not kept
  // Keeps `value` if there is room. Nothing is ever thrown out: every epoch asks for all cells once, so that room for
  // the cell asked for longest ago is worth as much as room for any other.
  void keep(const Key& key, const Tensor& value);

 private:
  const int64_t max_bytes_;
  mutable std::mutex mutex_;
  int64_t bytes_ = 0;
  std::map<Key, Tensor> kept_;
};

}  // namespace pdmp::data

#include "data/cache/cell_cache.h"

#include "pdmp/tensor.h"

namespace pdmp::data {

Tensor CellCache::find(const Key& key) const {
  const std::lock_guard lock(mutex_);
  const auto found = kept_.find(key);
  return found == kept_.end() ? Tensor() : found->second;
}

void CellCache::keep(const Key& key, const Tensor& value) {
  // A view would keep alive all it looks at; what is counted is what is held.
  const Tensor own = value.is_contiguous() && value.storage().nbytes() == value.nbytes() ? value : value.clone();
  const auto size = static_cast<int64_t>(own.nbytes());
  const std::lock_guard lock(mutex_);
  if (bytes_ + size > max_bytes_ || !kept_.try_emplace(key, own).second) return;
  bytes_ += size;
}

}  // namespace pdmp::data

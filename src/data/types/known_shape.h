// The shape of a modality whose shape is in its data: that of the first sample, which all others must have.
#pragma once

#include <functional>
#include <mutex>
#include <vector>

namespace pdmp::data {

class KnownShape {
 public:
  explicit KnownShape(std::vector<int64_t> shape = {}) : shape_(std::move(shape)) {}

  // The shape; where it is not known yet, `find` says it. Thread-safe.
  std::vector<int64_t> get(const std::function<std::vector<int64_t>()>& find) const {
    const std::lock_guard lock(mutex_);
    if (shape_.empty()) shape_ = find();
    return shape_;
  }

 private:
  mutable std::mutex mutex_;
  mutable std::vector<int64_t> shape_;
};

}  // namespace pdmp::data

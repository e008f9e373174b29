// An open file descriptor, closed at the end of its scope.
#pragma once

#include <unistd.h>
#include <utility>

namespace pdmp {

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}  // of open(); below 0: there is none
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int number() const { return number_; }
  int release() { return std::exchange(number_, -1); }

 private:
  int number_;
};

}  // namespace pdmp

// Cuts text that comes in blocks into lines.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace pdmp::data {

class LineCutter {
 public:
  // `number` counts from 1. `whole` is false of a line of more than `most` bytes, of which only the beginning is given.
  using Take = std::function<void(int64_t number, std::string_view line, bool whole)>;

  LineCutter(size_t most, Take take) : most_(most), take_(std::move(take)) {}

  void add(std::string_view block);
  void finish();  // the last line, where it has no end

 private:
  void append(std::string_view part);
  void end_line();

  size_t most_;
  Take take_;
  std::string pending_;  // the line that has not ended, up to `most_` bytes
  bool whole_ = true, begun_ = false;
  int64_t number_ = 1;
};

}  // namespace pdmp::data

// A progress bar with rate and time left on stderr; where stderr is no terminal, a plain line now and then.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace pdmp {

class Progress {
 public:
  // unit: what is counted ("batch", "file"). total 0: unknown. An empty label shows nothing.
  Progress(std::string label, int64_t total, std::string unit);
  ~Progress();                                   // ends the line
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void advance(int64_t n = 1);
  void note(const std::string& text);            // shown at the end of the line: "loss 0.42"

 private:
  void draw(bool last);
  std::string label_, unit_, note_;
  int64_t total_, done_ = 0, drawn_length_ = 0;
  bool terminal_;
  std::chrono::steady_clock::time_point start_, last_draw_;
};

std::string format_duration(double seconds);     // "12 s", "3 min 05 s", "2 h 10 min"

}  // namespace pdmp

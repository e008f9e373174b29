// Reports of how far a piece of work is, to the recorder of the session, and their text. Used by one thread at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace pdmp {

class Progress {
 public:
  // unit: what is counted, one of them ("batch", "file"). total 0: unknown. An empty label shows nothing.
  Progress(std::string label, int64_t total, std::string unit);
  ~Progress();  // the last report
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void advance(int64_t n = 1);
  void note(const std::string& text);  // shown at the end of the line: "loss 0.42"

 private:
  void report(bool last);

  std::string label_, unit_, note_;
  int64_t total_, done_ = 0;
  std::chrono::steady_clock::time_point start_, last_report_;
};

// What a progress line is made of; `seconds` since the start.
struct ProgressNumbers {
  std::string label, unit, note;
  int64_t done = 0, total = 0;
  double seconds = 0;
  bool bar = true;  // where the total is known and there is room
};

// One line of at most `width` columns (0: no limit): "train [####....] 50/100 batches (50 %), 12.5 batches/s, 4.0 s
// left, loss 0.42". Where there is no room, first the bar, the rate and the share give way, then the end of the note,
// the unit, the label and the number; the time left stays longest.
std::string progress_line(const ProgressNumbers& numbers, int64_t width);

std::string format_duration(double seconds);  // "12 s", "3 min 05 s", "2 h 10 min"

}  // namespace pdmp

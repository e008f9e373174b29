#include "base/progress.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <vector>

#include "base/session.h"
#include "base/text/printable.h"
#include "base/text/text_table.h"

namespace pdmp {
namespace {

using Seconds = std::chrono::duration<double>;

constexpr Seconds kReports{0.1};
constexpr int64_t kBarWidth = 24;

// "1 batch", "2 batches", "3 entries".
std::string counted(const std::string& unit, bool one) {
  if (one) return unit;
  const auto ends = [&](const char* ending) { return unit.ends_with(ending); };
  if (ends("s") || ends("x") || ends("ch") || ends("sh")) return unit + "es";
  const bool in_y =
      unit.size() > 1 && ends("y") && std::string_view("aeiou").find(unit.rbegin()[1]) == std::string::npos;
  return in_y ? unit.substr(0, unit.size() - 1) + "ies" : unit + "s";
}

std::string bar(double share) {
  const auto full = static_cast<size_t>(std::clamp<int64_t>(std::llround(share * kBarWidth), 0, kBarWidth));
  return fmt::format(" [{}{}]", std::string(full, '#'), std::string(kBarWidth - full, '.'));
}

// Parts of a line, as bits.
constexpr unsigned kLabel = 1, kBar = 2, kNumber = 4, kUnit = 8, kShare = 16, kRate = 32, kNote = 64;
constexpr unsigned kAllParts = 127;

// "50/100 batches (50 %)"
std::string number_of(const ProgressNumbers& numbers, unsigned parts) {
  if ((parts & kNumber) == 0) return "";
  std::string text = std::to_string(numbers.done);
  if (numbers.total > 0) text += fmt::format("/{}", numbers.total);
  if ((parts & kUnit) != 0) text += " " + counted(numbers.unit, std::max(numbers.done, numbers.total) == 1);
  if (numbers.total == 0 || (parts & kShare) == 0) return text;
  const double share = 100 * static_cast<double>(numbers.done) / static_cast<double>(numbers.total);
  return text + fmt::format(" ({:.0f} %)", std::floor(share));
}

// What is left, where that is known, or what has passed.
std::string time_of(const ProgressNumbers& numbers, double rate) {
  if (numbers.total > numbers.done && rate > 0) {
    return format_duration(static_cast<double>(numbers.total - numbers.done) / rate) + " left";
  }
  return numbers.seconds > 0 ? format_duration(numbers.seconds) : "";
}

std::string line_of(const ProgressNumbers& numbers, unsigned parts) {
  const double rate = numbers.seconds > 0 ? static_cast<double>(numbers.done) / numbers.seconds : 0;
  std::string head = (parts & kLabel) != 0 ? numbers.label : "";
  if ((parts & kBar) != 0) head += bar(static_cast<double>(numbers.done) / static_cast<double>(numbers.total));
  std::vector<std::string> facts = {number_of(numbers, parts)};
  const std::string per_second = fmt::format("{:.3g}", rate);
  if (rate > 0 && (parts & kRate) != 0) {
    facts.push_back(fmt::format("{} {}/s", per_second, counted(numbers.unit, per_second == "1")));
  }
  facts.push_back(time_of(numbers, rate));
  if ((parts & kNote) != 0) facts.push_back(numbers.note);
  std::erase(facts, "");
  return fmt::format("{}{}{}", head, head.empty() ? "" : " ", fmt::join(facts, ", "));
}

}  // namespace

std::string format_duration(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0) return "?";
  if (seconds < 9.95) return fmt::format("{:.1f} s", seconds);
  const int64_t whole = std::llround(seconds);
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  const int64_t minutes = std::llround(seconds / 60);
  return fmt::format("{} h {:02} min", minutes / 60, minutes % 60);
}

std::string progress_line(const ProgressNumbers& numbers, int64_t width) {
  unsigned parts = numbers.bar && numbers.total > 0 ? kAllParts : kAllParts & ~kBar;
  if (width <= 0) return line_of(numbers, parts);
  const auto most = static_cast<size_t>(width);
  for (const unsigned part : {kBar, kRate, kShare}) {
    if (display_width(line_of(numbers, parts)) <= most) return line_of(numbers, parts);
    parts &= ~part;
  }
  for (const unsigned part : {kUnit, kLabel, kNumber}) {
    if (display_width(line_of(numbers, parts & ~kNote)) <= most) break;
    parts &= ~part;
  }
  constexpr size_t kShortestNote = 10;  // less of it says nothing
  if (display_width(line_of(numbers, parts & ~kNote)) + kShortestNote > most) parts &= ~kNote;
  return cut_to_width(line_of(numbers, parts), most);
}

Progress::Progress(std::string label, int64_t total, std::string unit)
    : label_(printable(label)),
      unit_(std::move(unit)),
      total_(total),
      start_(std::chrono::steady_clock::now()),
      last_report_(start_) {}

Progress::~Progress() {
  const bool began = total_ > 0 || done_ > 0;
  if (!began) return;
  try {
    report(true);
  } catch (...) {  // a recorder's own; there may be another exception on its way
  }
}

void Progress::advance(int64_t n) {
  done_ += n;
  if (std::chrono::steady_clock::now() - last_report_ >= kReports) report(false);
}

void Progress::note(const std::string& text) { note_ = printable(text); }

void Progress::report(bool last) {
  if (label_.empty() || info_is_silent()) return;
  last_report_ = std::chrono::steady_clock::now();
  const ProgressReport report{label_, unit_, note_, done_, total_, Seconds(last_report_ - start_).count(), last};
  tell_recorder([&](Recorder& recorder) { recorder.on_progress(report); });
}

}  // namespace pdmp

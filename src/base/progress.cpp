#include "base/progress.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/log.h"
#include "base/printable.h"

namespace pdmp {
namespace {

using Seconds = std::chrono::duration<double>;

constexpr Seconds kRedraw{0.1};
constexpr Seconds kPlainLine{10};
constexpr int64_t kBarWidth = 24;

int64_t terminal_width() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

// UTF-8 continuation bytes take no column.
bool starts_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

// The first `columns` characters, one column each.
std::string cut(const std::string& text, int64_t columns) {
  size_t end = 0;
  while (end < text.size() && (columns > 0 || !starts_character(text[end]))) {
    if (starts_character(text[end])) --columns;
    ++end;
  }
  return text.substr(0, end);
}

int64_t width_of(const std::string& text) { return std::count_if(text.begin(), text.end(), starts_character); }

std::string bar(double share) {
  const auto full = static_cast<size_t>(std::clamp<int64_t>(std::llround(share * kBarWidth), 0, kBarWidth));
  return fmt::format(" [{}{}]", std::string(full, '#'), std::string(kBarWidth - full, '.'));
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
  const double done = static_cast<double>(numbers.done), total = static_cast<double>(numbers.total);
  const double rate = numbers.seconds > 0 ? done / numbers.seconds : 0;
  std::string text = fmt::format(" {}", numbers.done);
  if (numbers.total > 0) text += fmt::format("/{}", numbers.total);
  text += " " + numbers.unit;
  if (numbers.total > 0) text += fmt::format(" ({:.0f} %)", std::floor(100 * done / total));
  if (rate > 0) text += fmt::format(", {:.3g} {}/s", rate, numbers.unit);
  if (numbers.total > numbers.done && rate > 0) {
    text += fmt::format(", {} left", format_duration((total - done) / rate));
  } else if (numbers.seconds > 0) {
    text += fmt::format(", {}", format_duration(numbers.seconds));
  }
  if (!numbers.note.empty()) text += ", " + numbers.note;
  if (width <= 0) return numbers.label + text;
  const std::string drawn = numbers.total > 0 ? bar(done / total) : "";
  const bool room = width_of(numbers.label + drawn + text) <= width;
  return cut(numbers.label + (room ? drawn : "") + text, width);
}

Progress::Progress(std::string label, int64_t total, std::string unit)
    : label_(printable(label)),
      unit_(std::move(unit)),
      total_(total),
      terminal_(isatty(STDERR_FILENO) == 1),
      start_(std::chrono::steady_clock::now()),
      last_draw_(start_) {}

Progress::~Progress() { draw(true); }

void Progress::advance(int64_t n) {
  done_ += n;
  if (std::chrono::steady_clock::now() - last_draw_ >= (terminal_ ? kRedraw : kPlainLine)) draw(false);
}

void Progress::note(const std::string& text) { note_ = printable(text); }

void Progress::draw(bool last) {
  if (label_.empty() || is_quiet()) return;
  last_draw_ = std::chrono::steady_clock::now();
  const ProgressNumbers numbers{label_, unit_, note_, done_, total_, Seconds(last_draw_ - start_).count()};
  if (terminal_ && !last) {
    show_status(progress_line(numbers, terminal_width() - 1));
    return;
  }
  if (terminal_) show_status("");
  log_info(progress_line(numbers, 0));
}

}  // namespace pdmp

#include "data/inspect/input_panel.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <limits>
#include <sstream>

#include "base/text/text_table.h"
#include "data/features/profiles.h"
#include "data/inspect/drawing.h"
#include "data/inspect/input_picture.h"
#include "pdmp/tensor.h"

namespace pdmp::data {
namespace {

constexpr int64_t kWidth = 640, kAxis = 38, kEnd = 16;  // of a panel; rows below its picture, columns right of it
constexpr int64_t kPlotWidth = kWidth - kPanelMargin - kEnd;
constexpr int64_t kMostCurves = 16;
constexpr const char *kGray = "#bbbbbb", *kPale = "#f4f4f4", *kBlue = "#1f5fa8";

struct Axis {
  std::string name, low, high;  // what stands at its ends; "": nothing
};

std::string number(double value) { return fmt::format("{:.4g}", value); }

void draw_title(Drawing& drawing, int64_t width, const std::string& title) {
  constexpr int kSize = 13;
  drawing.text(4, kPanelTitle - 9, fitted_text(title, static_cast<double>(width) - 8, kSize), Drawing::Anchor::start,
               kSize, true);
}

// Below what is `width` wide and begins at the margin; `y`: where that ends.
void draw_x_axis(Drawing& drawing, const Axis& axis, int64_t width, int64_t y) {
  const auto left = static_cast<double>(kPanelMargin), right = static_cast<double>(kPanelMargin + width);
  const auto base = static_cast<double>(y);
  drawing.text(left, base + 14, axis.low);
  drawing.text(right, base + 14, axis.high, Drawing::Anchor::end);
  const std::string name = fitted_text(axis.name, std::max<double>(static_cast<double>(width), 400));
  const bool narrow = width < 400;
  drawing.text(narrow ? left : (left + right) / 2, base + 30, name,
               narrow ? Drawing::Anchor::start : Drawing::Anchor::middle);
}

// Left of rows `top` to `bottom`.
void draw_y_axis(Drawing& drawing, const Axis& axis, int64_t top, int64_t bottom) {
  const auto right = static_cast<double>(kPanelMargin - 6);
  drawing.text(right, static_cast<double>(top) + 10, axis.high, Drawing::Anchor::end, 11);
  drawing.text(right, static_cast<double>(bottom) - 2, axis.low, Drawing::Anchor::end, 11);
  const auto height = static_cast<double>(bottom - top);
  constexpr double kNumbers = 30;  // pixels that these two take
  const std::string name = height > kNumbers ? fitted_text(axis.name, std::max(height, 60.0)) : "";
  drawing.text_upward(14, static_cast<double>(top + bottom) / 2, name);
}

// A picture with its axes: the labels are drawn around it, so that its own pixels stay what they are.
Tensor labeled(const Tensor& picture, const std::string& title, const Axis& x, const Axis& y) {
  const int64_t height = picture.size(0), width = std::max(kWidth, kPanelMargin + picture.size(1) + kEnd);
  Drawing above(width, kPanelTitle), left(kPanelMargin, height), below(width, kAxis);
  draw_title(above, width, title);
  draw_y_axis(left, y, 0, height);
  draw_x_axis(below, x, picture.size(1), 0);
  const Tensor rest = at::full({height, width - kPanelMargin - picture.size(1), 3}, 255, at::kByte);
  return at::cat({above.pixels(), at::cat({left.pixels(), picture, rest}, 1), below.pixels()}, 0);
}

// From 0 to size - 1.
Axis indices(const std::string& name, int64_t size) { return {name, "0", std::to_string(size - 1)}; }

std::string span(const std::string& what, int64_t count) {
  return count == 1 ? what + " 0" : fmt::format("{} 0 to {}, left to right", what, count - 1);
}

struct Axes {
  Axis x, y;  // of y, `high` stands on top
};

Axes axes_of_sound(const ModalityEntry& entry, const Tensor& input) {
  const AudioProfile& profile = find_audio_profile(entry.settings.value("profile", "log_psd_3s"));
  const double seconds = profile.seconds > 0 ? entry.settings.value("seconds", profile.seconds) : 0;
  const bool turned = entry.settings.value("profile", "") == "fbank_10s";
  const int64_t frames = input.size(turned ? 1 : 2), bins = input.size(turned ? 2 : 1);
  Axis time = seconds > 0 ? Axis{"time", "0 s", number(seconds) + " s"} : indices("time, frames", frames);
  return {std::move(time), indices("frequency bin", bins)};
}

Axes axes_of(const ModalityEntry& entry, const Tensor& input) {
  const std::vector<int64_t> shape = input.sizes().vec();
  if (entry.type == "image") {
    return {{"pixels", "0", std::to_string(shape[2])}, {"", std::to_string(shape[1]), "0"}};
  }
  if (entry.type == "frames") return {{span("frame", shape[1]), "", ""}, {}};
  if (entry.type == "flow") return {{span("step", shape[1]), "", ""}, {"horizontal above vertical", "", ""}};
  if (entry.type == "audio") return axes_of_sound(entry, input);
  std::vector<int64_t> rows(shape.begin(), shape.end() - 1);
  return {indices(fmt::format("dimension {}", shape.size()), shape.back()),
          {rows.empty() ? "" : fmt::format("rows: {}", fmt::join(rows, "x")),
           std::to_string(input.numel() / shape.back() - 1), "0"}};
}

InputPanel panel_of_picture(const ModalityEntry& entry, const std::string& title, const Tensor& input) {
  const InputPicture picture = picture_of_input(entry, input);
  const Axes axes = axes_of(entry, input);
  std::string drawn_as = "picture";
  if (picture.across > 1 || picture.down > 1) {
    drawn_as += picture.across == picture.down
                    ? fmt::format(", {} times enlarged", picture.across)
                    : fmt::format(", {} times wider and {} times higher", picture.across, picture.down);
  }
  return {labeled(picture.pixels, title, axes.x, axes.y), drawn_as};
}

struct Extremes {
  double low = std::numeric_limits<double>::infinity(), high = -std::numeric_limits<double>::infinity();
};

// Of the finite values; of none: 0.
Extremes extremes_of(const float* values, int64_t count) {
  Extremes found;
  for (int64_t i = 0; i < count; ++i) {
    if (!std::isfinite(values[i])) continue;
    found.low = std::min<double>(found.low, values[i]);
    found.high = std::max<double>(found.high, values[i]);
  }
  return found.low > found.high ? Extremes{0, 0} : found;
}

// The points of a curve in rows `top` to `bottom`: every value, or the lowest and highest of those that share a column.
Drawing::Points points_of(const float* values, int64_t count, const Extremes& range, double top, double bottom) {
  const int64_t columns = std::min(count, kPlotWidth);
  const double scale = range.high > range.low ? (bottom - top) / (range.high - range.low) : 0;
  const double middle = (top + bottom) / 2;
  const auto height = [&](double value) { return scale > 0 ? bottom - (value - range.low) * scale : middle; };
  Drawing::Points points;
  for (int64_t c = 0; c < columns; ++c) {
    const int64_t first = c * count / columns, end = (c + 1) * count / columns;
    const Extremes here = extremes_of(values + first, end - first);
    if (end - first == 1 && !std::isfinite(values[first])) continue;
    const double x =
        kPanelMargin + (columns == 1 ? kPlotWidth / 2.0
                                     : static_cast<double>(c) * (kPlotWidth - 1) / static_cast<double>(columns - 1));
    points.emplace_back(x, height(here.low));
    if (end - first > 1) points.emplace_back(x, height(here.high));
  }
  return points;
}

bool is_series(const ModalityEntry& entry, const Tensor& input) {
  if (entry.type != "tensor" || input.dim() > 2) return false;
  return input.numel() / input.size(-1) <= kMostCurves;
}

// (L) or (C, L): one strip a channel.
InputPanel panel_of_series(const std::string& title, const Tensor& input) {
  constexpr int64_t kGap = 6, kAll = 240, kLowest = 32, kHighest = 120;
  const Tensor values = input.to(at::kFloat).reshape({-1, input.size(-1)}).contiguous();
  const int64_t channels = values.size(0), length = values.size(1);
  const int64_t strip = std::clamp(kAll / channels, kLowest, kHighest), height = channels * (strip + kGap);
  Drawing drawing(kWidth, kPanelTitle + height + kAxis);
  draw_title(drawing, kWidth, title);
  for (int64_t c = 0; c < channels; ++c) {
    const float* row = values.data_ptr<float>() + c * length;
    const int64_t top = kPanelTitle + c * (strip + kGap);
    const Extremes range = extremes_of(row, length);
    drawing.box(kPanelMargin, static_cast<double>(top), kPlotWidth, static_cast<double>(strip), kPale, kGray);
    draw_y_axis(drawing, {channels == 1 ? "" : std::to_string(c), number(range.low), number(range.high)}, top,
                top + strip);
    drawing.curve(points_of(row, length, range, static_cast<double>(top) + 2, static_cast<double>(top + strip) - 2),
                  kBlue);
  }
  const std::string name = channels == 1 ? "time step" : fmt::format("time step; channels 0 to {}", channels - 1);
  draw_x_axis(drawing, indices(name, length), kPlotWidth, kPanelTitle + height - kGap);
  return {drawing.pixels(), channels == 1 ? "curve" : fmt::format("{} curves", channels)};
}

// Below bar `i` of `count`: the column's name where it has room.
void draw_bar_name(Drawing& drawing, const ModalityEntry& entry, int64_t i, double x, double width, double y) {
  constexpr double kSmallest = 24;  // pixels, for a number of three digits
  if (width < kSmallest) return;
  const auto named = static_cast<size_t>(i) < entry.columns.size();
  const std::string name = named ? entry.columns[static_cast<size_t>(i)] : std::to_string(i);
  drawing.text(x, y, fitted_text(name, width, 11), Drawing::Anchor::middle, 11);
}

InputPanel panel_of_numbers(const ModalityEntry& entry, const std::string& title, const Tensor& input) {
  constexpr int64_t kHeight = 140, kMostBars = kPlotWidth / 2;
  constexpr double kFilled = 0.8;  // of the room of a bar
  const Tensor values = input.to(at::kFloat).reshape({-1}).contiguous();
  const int64_t shown = std::min(values.size(0), kMostBars);
  const Extremes all = extremes_of(values.data_ptr<float>(), shown);
  const double low = std::min(0.0, all.low), high = std::max(0.0, all.high), range = high > low ? high - low : 1;
  const double width = static_cast<double>(kPlotWidth) / static_cast<double>(shown);
  const double zero = kPanelTitle + kHeight * high / range;
  Drawing drawing(kWidth, kPanelTitle + kHeight + kAxis);
  draw_title(drawing, kWidth, title);
  drawing.box(kPanelMargin, kPanelTitle, kPlotWidth, kHeight, kPale, kGray);
  for (int64_t i = 0; i < shown; ++i) {
    const double value = values.data_ptr<float>()[i], middle = kPanelMargin + (static_cast<double>(i) + 0.5) * width;
    draw_bar_name(drawing, entry, i, middle, width, kPanelTitle + kHeight + 14);
    if (!std::isfinite(value)) continue;
    const double end = kPanelTitle + kHeight * (high - value) / range;
    drawing.box(middle - kFilled * width / 2, std::min(zero, end), kFilled * width, std::abs(zero - end), kBlue,
                "none");
  }
  drawing.line(kPanelMargin, zero, kPanelMargin + kPlotWidth, zero, "#222");
  draw_y_axis(drawing, {"", number(low), number(high)}, kPanelTitle, kPanelTitle + kHeight);
  const std::string name = shown < values.size(0) ? fmt::format("the first {} of {} numbers", shown, values.size(0))
                                                  : fmt::format("{} numbers", shown);
  draw_x_axis(drawing, {name, "", ""}, kPlotWidth, kPanelTitle + kHeight);
  return {drawing.pixels(), shown == 1 ? "bar" : fmt::format("{} bars", shown)};
}

// Lines of text in a box.
Tensor text_panel(const std::string& title, const std::string& text, bool dashed) {
  constexpr int64_t kLine = 18, kPadding = 8, kColumns = 72, kMostLines = 12;
  constexpr double kSide = kPanelMargin + 10;
  std::vector<std::string> lines;
  std::istringstream stream(wrapped(text, kColumns));
  for (std::string line; std::getline(stream, line) && static_cast<int64_t>(lines.size()) < kMostLines;) {
    lines.push_back(fitted_text(line, kPlotWidth));
  }
  const int64_t height = 2 * kPadding + kLine * static_cast<int64_t>(lines.size());
  Drawing drawing(kWidth, kPanelTitle + height + kPadding);
  draw_title(drawing, kWidth, title);
  drawing.box(kPanelMargin, kPanelTitle, kPlotWidth, static_cast<double>(height), dashed ? "none" : kPale,
              dashed ? "#666666" : kGray, dashed);
  for (size_t i = 0; i < lines.size(); ++i) {
    drawing.text(kSide, static_cast<double>(kPanelTitle + kPadding + kLine * static_cast<int64_t>(i) + 13), lines[i]);
  }
  return drawing.pixels();
}

}  // namespace

InputPanel panel_of_input(const ModalityEntry& entry, const std::string& title, const Tensor& input) {
  if (entry.type == "text") return {text_panel(title, text_of_input(input), false), "text"};
  if (entry.type == "vector") return panel_of_numbers(entry, title, input);
  if (is_series(entry, input)) return panel_of_series(title, input);
  return panel_of_picture(entry, title, input);
}

Tensor panel_of_absence(const std::string& title, const std::string& reason) { return text_panel(title, reason, true); }

Tensor panel_of_heading(const std::string& text) {
  Drawing drawing(kWidth, kPanelTitle);
  drawing.text(4, kPanelTitle - 9, fitted_text(text, kWidth - 8, 13), Drawing::Anchor::start, 13);
  return drawing.pixels();
}

}  // namespace pdmp::data

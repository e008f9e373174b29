// Words, lines and curves as pixels. They are drawn as SVG by pdmp-svg, which has the fonts
// (docs/decisions/0001-svg-in-a-process-of-its-own.md).
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "pdmp/fwd.h"

namespace pdmp::data {

// Coordinates are pixels, from the upper left corner; colors are those of SVG ("#336699", "none").
class Drawing {
 public:
  enum class Anchor { start, middle, end };
  using Points = std::vector<std::pair<double, double>>;  // x, y

  Drawing(int64_t width, int64_t height) : width_(width), height_(height) {}

  // One line of text of `size` pixels; x, y: where its base line starts, has its middle or ends.
  void text(double x, double y, const std::string& text, Anchor anchor = Anchor::start, int size = 12,
            bool bold = false);
  void text_upward(double x, double y, const std::string& text);  // turned by 90 degrees, its middle at x, y
  void line(double x1, double y1, double x2, double y2, const std::string& color);
  void box(double x, double y, double width, double height, const std::string& fill, const std::string& edge,
           bool dashed = false);
  void curve(const Points& points, const std::string& color);  // a single point is a dot

  // (height, width, 3) uint8 on white. Error{data} where the renderer is missing.
  Tensor pixels() const;

 private:
  int64_t width_, height_;
  std::string elements_;
};

// `text` cut to what some `width` pixels hold at `size`, with an ellipsis.
std::string fitted_text(const std::string& text, double width, int size = 12);

}  // namespace pdmp::data

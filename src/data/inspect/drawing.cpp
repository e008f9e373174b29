#include "data/inspect/drawing.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/text/printable.h"
#include "base/text/text_table.h"
#include "data/svg/svg.h"
#include "data/types/tensors.h"
#include "pdmp/tensor.h"

namespace pdmp::data {
namespace {

constexpr double kCharacterWidth = 0.62;  // of its size, in a sans-serif font; wide characters take two

std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : printable(text)) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

const char* anchor_name(Drawing::Anchor anchor) {
  if (anchor == Drawing::Anchor::middle) return "middle";
  return anchor == Drawing::Anchor::start ? "start" : "end";
}

}  // namespace

void Drawing::text(double x, double y, const std::string& text, Anchor anchor, int size, bool bold) {
  elements_ += fmt::format("<text x='{:.1f}' y='{:.1f}' text-anchor='{}' font-size='{}'{}>{}</text>", x, y,
                           anchor_name(anchor), size, bold ? " font-weight='bold'" : "", escaped(text));
}

void Drawing::text_upward(double x, double y, const std::string& text) {
  elements_ += fmt::format(
      "<text transform='translate({:.1f} {:.1f}) rotate(-90)' text-anchor='middle' font-size='12'>{}</text>", x, y,
      escaped(text));
}

void Drawing::line(double x1, double y1, double x2, double y2, const std::string& color) {
  elements_ += fmt::format("<path d='M{:.1f} {:.1f}L{:.1f} {:.1f}' stroke='{}' fill='none'/>", x1, y1, x2, y2, color);
}

void Drawing::box(double x, double y, double width, double height, const std::string& fill, const std::string& edge,
                  bool dashed) {
  elements_ += fmt::format("<rect x='{:.1f}' y='{:.1f}' width='{:.1f}' height='{:.1f}' fill='{}' stroke='{}'{}/>", x, y,
                           width, height, fill, edge, dashed ? " stroke-dasharray='6 4'" : "");
}

void Drawing::curve(const Points& points, const std::string& color) {
  if (points.empty()) return;
  std::string path;
  for (const auto& [x, y] : points) path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? 'M' : 'L', x, y);
  if (points.size() == 1) path += "h0";
  elements_ += fmt::format("<path d='{}' stroke='{}' stroke-width='{}' stroke-linecap='round' fill='none'/>", path,
                           color, points.size() == 1 ? 4 : 1.3);
}

Tensor Drawing::pixels() const {
  const std::string svg = fmt::format(
      "<svg xmlns='http://www.w3.org/2000/svg' width='{0}' height='{1}' viewBox='0 0 {0} {1}' "
      "font-family='sans-serif' fill='#222'>{2}</svg>",
      width_, height_, elements_);
  const FileLimits limits;
  return tensor_of(decode_svg(FileReading("labels of the picture", limits), svg, 3, 1));
}

std::string fitted_text(const std::string& text, double width, int size) {
  const auto columns = static_cast<size_t>(std::max(1.0, width / (kCharacterWidth * size)));
  const std::string shown = printable(text);
  return display_width(shown) <= columns ? shown : cut_to_width(shown, columns - 1) + "\xE2\x80\xA6";
}

}  // namespace pdmp::data

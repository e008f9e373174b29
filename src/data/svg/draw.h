// One SVG drawn by librsvg, in this process.
#pragma once

#include <cairo.h>
#include <cstdint>
#include <memory>
#include <string>

#include "data/svg/protocol.h"

namespace pdmp::data {

struct SurfaceDeleter {
  void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
};

struct Drawing {
  std::string problem;  // why there is none; "": there is
  int32_t width = 0, height = 0;
  std::unique_ptr<cairo_surface_t, SurfaceDeleter> surface;  // null where only the size was asked for
};

// The sizes are those of FFmpeg's wrapper of librsvg. References to files or addresses lead nowhere: the document has
// no place that they could be relative to, and librsvg follows no others.
Drawing draw(const std::string& svg, const SvgRequest& request);

}  // namespace pdmp::data

// Parses and draws with librsvg and cairo.
#include "data/svg/draw.h"

#include <algorithm>
#include <cmath>

// The functions with sizes in whole pixels are the ones FFmpeg 5.1 draws with; newer ones give other pixels.
#define RSVG_DISABLE_DEPRECATION_WARNINGS
#include <librsvg/rsvg.h>

namespace pdmp::data {
namespace {

struct HandleDeleter {
  void operator()(RsvgHandle* handle) const { g_object_unref(handle); }
};
struct ContextDeleter {
  void operator()(cairo_t* context) const { cairo_destroy(context); }
};

std::string text_of(GError* error) {
  std::string text = error != nullptr ? error->message : "unknown reason";
  g_clear_error(&error);
  return text;
}

// A drawing whose longer edge is shorter than `smallest` becomes that wide.
void choose_size(Drawing& drawing, const RsvgDimensionData& natural, int32_t smallest) {
  drawing.width = natural.width;
  drawing.height = natural.height;
  if (std::max(natural.width, natural.height) >= smallest || natural.width < 1 || natural.height < 1) return;
  const double ratio = natural.width / static_cast<double>(natural.height);
  drawing.width = smallest;
  drawing.height = static_cast<int32_t>(lrintf(static_cast<float>(smallest / ratio)));
}

void render(Drawing& drawing, RsvgHandle* handle, const RsvgDimensionData& natural) {
  drawing.surface.reset(cairo_image_surface_create(CAIRO_FORMAT_ARGB32, drawing.width, drawing.height));
  const std::unique_ptr<cairo_t, ContextDeleter> context(cairo_create(drawing.surface.get()));
  cairo_scale(context.get(), drawing.width / static_cast<double>(natural.width),
              drawing.height / static_cast<double>(natural.height));
  const bool drawn = rsvg_handle_render_cairo(handle, context.get()) != 0;
  cairo_surface_flush(drawing.surface.get());
  for (const cairo_status_t status : {cairo_surface_status(drawing.surface.get()), cairo_status(context.get())}) {
    if (status != CAIRO_STATUS_SUCCESS && drawing.problem.empty()) drawing.problem = cairo_status_to_string(status);
  }
  if (!drawn && drawing.problem.empty()) drawing.problem = "a drawing that librsvg does not draw";
}

}  // namespace

Drawing draw(const std::string& svg, const SvgRequest& request) {
  Drawing drawing;
  GError* error = nullptr;
  const std::unique_ptr<RsvgHandle, HandleDeleter> handle(
      rsvg_handle_new_from_data(reinterpret_cast<const guint8*>(svg.data()), svg.size(), &error));
  if (handle == nullptr) {
    drawing.problem = text_of(error);
    return drawing;
  }
  RsvgDimensionData natural{};
  rsvg_handle_get_dimensions(handle.get(), &natural);
  choose_size(drawing, natural, request.smallest);
  const int64_t pixels = int64_t{drawing.width} * int64_t{drawing.height};
  if (drawing.width < 1 || drawing.height < 1 || pixels > request.max_pixels) {
    drawing.problem = "Picture size " + std::to_string(drawing.width) + "x" + std::to_string(drawing.height);
    return drawing;
  }
  if (request.draw != 0) render(drawing, handle.get(), natural);
  return drawing;
}

}  // namespace pdmp::data

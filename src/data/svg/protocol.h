// What pdmp and its helper pdmp-svg say to each other, through two pipes: a request and the SVG's bytes; a reply and
// pixels, or the reason why there are none. Both are built together and run on one machine.
#pragma once

#include <cstdint>

namespace pdmp::data {

struct SvgRequest {
  static constexpr uint32_t kMagic = 0x31475653;  // "SVG1": the layout of these structs
  uint32_t magic = kMagic;
  int32_t smallest = 0;  // a drawing with a shorter longer edge is drawn this wide
  int64_t max_pixels = 0;
  int32_t seconds = 0;  // of the processor
  int32_t draw = 1;     // 0: the size alone
  uint64_t bytes = 0;   // that follow
};

struct SvgReply {
  static constexpr int32_t kDrawn = 0, kRefused = 1;
  uint32_t magic = SvgRequest::kMagic;
  int32_t status = kDrawn;
  int32_t width = 0, height = 0;
  uint64_t bytes = 0;  // that follow: width * height premultiplied ARGB32 pixels as cairo has them; or text
};

}  // namespace pdmp::data

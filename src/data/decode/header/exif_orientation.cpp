#include "data/decode/header/exif_orientation.h"

#include "pdmp/tensor.h"

namespace pdmp {

Tensor turn_upright(const Tensor& picture, int orientation) {
  if (orientation == 1) return picture;
  const bool on_its_side = orientation >= 5;
  const bool top_down = orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
  const bool left_right = orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
  Tensor upright = on_its_side ? picture.transpose(0, 1) : picture;
  if (top_down) upright = upright.flip(0);
  if (left_right) upright = upright.flip(1);
  // Of one row or one column, contiguous() may keep strides that no loop over rows and pixels expects.
  return upright.clone(at::MemoryFormat::Contiguous);
}

}  // namespace pdmp

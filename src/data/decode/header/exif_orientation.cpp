#include "data/decode/header/exif_orientation.h"

#include <cstring>

namespace pdmp::data {
namespace {

// Where the pixel lies in the stored image that an upright one shows at (y, x).
struct Turn {
  int64_t first = 0, down = 0, across = 0;  // in pixels: of (0, 0), and a step down and to the right
};

Turn turn_of(const Pixels& stored, int orientation) {
  const bool on_its_side = orientation >= 5;
  const bool top_down = orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
  const bool left_right = orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
  const int64_t row = stored.width();
  const int64_t height = on_its_side ? stored.width() : stored.height();
  const int64_t width = on_its_side ? stored.height() : stored.width();
  Turn turn{0, on_its_side ? 1 : row, on_its_side ? row : 1};
  if (top_down) turn = {turn.first + (height - 1) * turn.down, -turn.down, turn.across};
  if (left_right) turn = {turn.first + (width - 1) * turn.across, turn.down, -turn.across};
  return turn;
}

template <size_t channels>
void copy_turned(const Pixels& stored, const Turn& turn, const Pixels& upright) {
  uint8_t* out = upright.data();
  for (int64_t y = 0; y < upright.height(); ++y) {
    const uint8_t* in = stored.data() + (turn.first + y * turn.down) * static_cast<int64_t>(channels);
    for (int64_t x = 0; x < upright.width(); ++x, out += channels) {
      std::memcpy(out, in, channels);
      in += turn.across * static_cast<int64_t>(channels);
    }
  }
}

}  // namespace

Pixels turn_upright(const Pixels& picture, int orientation) {
  if (orientation == 1 || picture.empty()) return picture;
  const bool on_its_side = orientation >= 5;
  const Pixels upright = on_its_side ? Pixels(picture.width(), picture.height(), picture.channels())
                                     : Pixels(picture.height(), picture.width(), picture.channels());
  const Turn turn = turn_of(picture, orientation);
  picture.channels() == 1 ? copy_turned<1>(picture, turn, upright) : copy_turned<3>(picture, turn, upright);
  return upright;
}

}  // namespace pdmp::data

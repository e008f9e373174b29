// Which way up a picture was taken, as cameras and phones note it beside pixels they leave as the sensor gave them.
#pragma once

#include <string_view>

namespace pdmp {

// Of a JPEG, PNG or WebP file: the tag Orientation (0x0112, CIPA DC-008) of its EXIF block, 1 to 8; 1 (as stored) where
// there is none, or nothing sensible.
int exif_orientation(std::string_view bytes);

}  // namespace pdmp

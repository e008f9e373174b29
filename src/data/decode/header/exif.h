// Which way up a picture was taken, as cameras and phones note it beside pixels they leave as the sensor gave them.
#pragma once

#include <string_view>

namespace pdmp::data {

// Of a JPEG, PNG, WebP or TIFF file: the tag Orientation (0x0112, CIPA DC-008), 1 to 8, as Pillow finds it:
// of the EXIF block (of a PNG also the one that ImageMagick writes as text, "Raw profile type exif"), any type of
// number; else tiff:Orientation of XMP; 1 (as stored) where there is none, or nothing sensible.
int exif_orientation(std::string_view bytes);

}  // namespace pdmp::data

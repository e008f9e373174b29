// JPEG files coded with libjpeg itself, with what pdmp's own encoder has no option for.
#pragma once

#include <cstdlib>
#include <functional>
#include <gtest/gtest.h>
#include <string>

#include "data/decode/image/libjpeg_errors.h"
#include "pdmp/torch.h"

namespace pdmp::testing {

// `picture`: (H, W, components) uint8 of these colors. `configure` is called between the defaults and the pixels.
inline std::string coded_jpeg(const Tensor& picture, J_COLOR_SPACE colors,
                              const std::function<void(jpeg_compress_struct&)>& configure) {
  jpeg_compress_struct info{};
  data::LibjpegErrors errors;
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  info.err = errors.manager();
  EXPECT_TRUE(errors.run([&] {
    jpeg_create_compress(&info);
    jpeg_mem_dest(&info, &bytes, &size);
    info.image_height = static_cast<JDIMENSION>(picture.size(0));
    info.image_width = static_cast<JDIMENSION>(picture.size(1));
    info.input_components = static_cast<int>(picture.size(2));
    info.in_color_space = colors;
    jpeg_set_defaults(&info);
    configure(info);
    jpeg_start_compress(&info, TRUE);
    while (info.next_scanline < info.image_height) {
      JSAMPROW row = picture.data_ptr<uint8_t>() + info.next_scanline * picture.stride(0);
      jpeg_write_scanlines(&info, &row, 1);
    }
    jpeg_finish_compress(&info);
  })) << errors.message();
  std::string result(reinterpret_cast<const char*>(bytes), size);
  jpeg_destroy_compress(&info);
  std::free(bytes);
  return result;
}

}  // namespace pdmp::testing

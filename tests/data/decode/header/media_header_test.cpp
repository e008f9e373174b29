#include "data/decode/header/media_header.h"

#include <gtest/gtest.h>

#include "data/encode/encode_png.h"
#include "support/golden.h"
#include "support/media/encode_video.h"
#include "support/media/encode_wav.h"
#include "support/media/tensors.h"
#include "support/temporary_directory.h"

namespace pdmp::data {
namespace {

using testing::golden;
using testing::TemporaryDirectory;

struct Known {
  const char* name;
  int64_t width, height;
};

TEST(ReadMediaHeader, SizeOfEveryPictureFormat) {
  for (const Known& known : {Known{"alpha.webp", 4, 4},
                             {"bits.png", 9, 4},
                             {"gradient.jpg", 32, 24},
                             {"progressive.jpg", 32, 24},
                             {"cmyk.jpg", 32, 24},
                             {"small.bmp", 7, 5}}) {
    const auto header = read_media_header(golden(known.name));
    ASSERT_TRUE(header) << known.name;
    EXPECT_EQ(header->width, known.width) << known.name;
    EXPECT_EQ(header->height, known.height) << known.name;
    EXPECT_FALSE(header->video) << known.name;
    EXPECT_FALSE(header->sound) << known.name;
  }
}

TEST(ReadMediaHeader, SecondsOfRecordings) {
  const auto ogg = read_media_header(golden("tone.ogg"));
  ASSERT_TRUE(ogg && ogg->sound);
  EXPECT_NEAR(*ogg->sound, 1, 0.01);
  EXPECT_EQ(ogg->width, 0);
  const TemporaryDirectory directory;
  write_wav(directory / "a.wav", torch::zeros({12345}), 16000);
  const auto wav = read_media_header(directory / "a.wav");
  ASSERT_TRUE(wav && wav->sound);
  EXPECT_NEAR(*wav->sound, 12345.0 / 16000, 1e-6);
}

TEST(ReadMediaHeader, PicturesAndSoundOfVideos) {
  const TemporaryDirectory directory;
  VideoEncoding encoding;
  encoding.fps = 10;
  encoding.audio = torch::zeros({32000});
  write_video(directory / "a.mp4", torch::zeros({15, 48, 64, 3}, torch::kUInt8), encoding);
  const auto header = read_media_header(directory / "a.mp4");
  ASSERT_TRUE(header && header->sound && header->video);
  EXPECT_EQ(header->width, 64);
  EXPECT_EQ(header->height, 48);
  EXPECT_NEAR(header->fps, 10, 0.01);
  EXPECT_NEAR(*header->video, 1.5, 0.11);
  EXPECT_NEAR(*header->sound, 2, 0.2);
}

// FFmpeg's reader of picture series would look for name000.png.
TEST(ReadMediaHeader, ANameIsNoPattern) {
  const TemporaryDirectory directory;
  write_png(directory / "name%03d.png", torch::zeros({5, 6, 3}, torch::kUInt8));
  const auto header = read_media_header(directory / "name%03d.png");
  ASSERT_TRUE(header);
  EXPECT_EQ(header->width, 6);
}

TEST(ReadMediaHeader, NothingOfWhatIsNoMedium) {
  const TemporaryDirectory directory;
  directory.write("pointer.wav", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n");
  directory.write("empty.png", "");
  for (const char* name : {"pointer.wav", "empty.png", "absent.png", "."}) {
    EXPECT_FALSE(read_media_header(directory / name)) << name;
  }
}

}  // namespace
}  // namespace pdmp::data

// Where images say which way up they are, and how: as Pillow's ImageOps.exif_transpose finds it.
#include <bit>
#include <gtest/gtest.h>
#include <zlib.h>

#include "base/files/file.h"
#include "data/decode/header/exif.h"
#include "data/decode/header/exif_orientation.h"
#include "data/decode/image/image.h"
#include "data/encode/encode_jpeg.h"
#include "data/encode/encode_png.h"
#include "data/features/resize.h"
#include "data/types/entry.h"
#include "support/bytes.h"
#include "support/media/tensors.h"
#include "support/pattern_picture.h"
#include "support/png.h"
#include "support/temporary_directory.h"

namespace pdmp {
namespace {

using testing::big;
using testing::little;
using testing::pixel;
using testing::Pixel;
using testing::TemporaryDirectory;
using testing::png_detail::chunk;

const std::string kExif("Exif\0\0", 6);

// An EXIF block with one entry: the orientation, of this type, its value as it stands in the file.
std::string block(uint32_t type, const std::string& value, uint32_t count = 1) {
  std::string inlined = value, behind;
  if (value.size() > 4) {
    inlined = big(26, 4);
    behind = value;
  }
  inlined.resize(4, '\0');
  return "MM" + big(42, 2) + big(8, 4) + big(1, 2) + big(0x0112, 2) + big(type, 2) + big(count, 4) + inlined +
         big(0, 4) + behind;
}

std::string hexadecimal(const std::string& bytes) {
  std::string text;
  for (size_t i = 0; i < bytes.size(); ++i) {
    constexpr const char* kDigits = "0123456789abcdef";
    text += kDigits[static_cast<uint8_t>(bytes[i]) >> 4];
    text += kDigits[bytes[i] & 15];
    if (i % 36 == 35) text += '\n';
  }
  return text + '\n';
}

std::string deflated(const std::string& text) {
  std::string result(compressBound(text.size()), '\0');
  uLongf size = result.size();
  EXPECT_EQ(compress(reinterpret_cast<Bytef*>(result.data()), &size, reinterpret_cast<const Bytef*>(text.data()),
                     text.size()),
            Z_OK);
  result.resize(size);
  return result;
}

// Two pixels side by side, red and blue, with chunks before the pixels or behind them.
std::string png_with(const std::string& before, const std::string& behind = "") {
  constexpr size_t kFirst = 8 + 25, kEnd = 12;  // signature and IHDR; IEND
  std::string png = testing::png(2, 1, std::string("\xFF\0\0\0\0\xFF", 6));
  png.insert(png.size() - kEnd, behind);
  return png.insert(kFirst, before);
}

std::string with_zero(const std::string& word) { return word + std::string(1, '\0'); }

std::string raw_profile(const std::string& exif) {
  return "\nexif\n    " + std::to_string(exif.size()) + "\n" + hexadecimal(exif);
}

constexpr const char* kPacket = R"(<?xpacket begin=''?><x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF><rdf:Description )";

std::string xmp(int orientation) {
  return std::string(kPacket) + "tiff:Orientation=\"" + std::to_string(orientation) + "\"/></rdf:RDF></x:xmpmeta>";
}

void expect_upright(const std::string& bytes, int orientation) {
  EXPECT_EQ(data::exif_orientation(bytes), orientation);
  const TemporaryDirectory directory;
  const Tensor picture = image_tensor(directory.write("a.png", bytes));
  if (orientation == 6) {
    ASSERT_EQ(picture.sizes(), (std::vector<int64_t>{2, 1, 3}));
    EXPECT_EQ(pixel(picture, 0, 0), (Pixel{255, 0, 0}));
    EXPECT_EQ(pixel(picture, 1, 0), (Pixel{0, 0, 255}));
  } else if (orientation == 2) {
    EXPECT_EQ(pixel(picture, 0, 0), (Pixel{0, 0, 255}));
  } else {
    EXPECT_EQ(pixel(picture, 0, 0), (Pixel{255, 0, 0}));
  }
}

const std::string kSix = block(3, big(6, 2)), kTwo = block(3, big(2, 2));

TEST(Orientation, OfAPngInItsOwnChunk) {
  expect_upright(png_with(chunk("eXIf", kSix)), 6);
  expect_upright(png_with(chunk("eXIf", kExif + kSix)), 6);
  expect_upright(png_with("", chunk("eXIf", kTwo)), 2);
}

TEST(Orientation, OfAPngAsTextOfImageMagick) {
  const std::string keyword = with_zero("Raw profile type exif"), text = raw_profile(kExif + kSix);
  expect_upright(png_with(chunk("zTXt", with_zero(keyword) + deflated(text))), 6);
  expect_upright(png_with(chunk("tEXt", keyword + text)), 6);
  expect_upright(png_with(chunk("iTXt", keyword + std::string(4, '\0') + text)), 6);
  expect_upright(png_with(chunk("tEXt", keyword + raw_profile(kTwo))), 2);
  expect_upright(png_with("", chunk("tEXt", keyword + text)), 6);
  // The chunk for EXIF counts where there are both.
  expect_upright(png_with(chunk("tEXt", keyword + text) + chunk("eXIf", kTwo)), 2);
  expect_upright(png_with(chunk("tEXt", with_zero("Raw profile type iptc") + text)), 1);
}

TEST(Orientation, DamagedTextsSayNothing) {
  const std::string keyword = with_zero("Raw profile type exif");
  expect_upright(png_with(chunk("zTXt", keyword)), 1);
  expect_upright(png_with(chunk("zTXt", with_zero(keyword) + "not deflated")), 1);
  expect_upright(png_with(chunk("zTXt", with_zero(keyword) + deflated(std::string(2 << 20, '0')))), 1);
  expect_upright(png_with(chunk("tEXt", keyword + "\nexif\n")), 1);
  expect_upright(png_with(chunk("tEXt", keyword + "\nexif\n 99\nzz")), 1);
  expect_upright(png_with(chunk("iTXt", keyword)), 1);
}

TEST(Orientation, OfXmp) {
  const std::string keyword = with_zero("XML:com.adobe.xmp"), plain(4, '\0');
  expect_upright(png_with(chunk("iTXt", keyword + plain + xmp(6))), 6);
  expect_upright(png_with(chunk("iTXt", keyword + std::string("\1\0\0\0", 4) + deflated(xmp(6)))), 6);
  expect_upright(png_with(chunk("iTXt", keyword + plain + "<tiff:Orientation>2</tiff:Orientation>")), 2);
  expect_upright(png_with(chunk("iTXt", keyword + plain + "<tiff:Orientation>9</tiff:Orientation>")), 1);
  // EXIF counts where it has the tag, even as 1.
  expect_upright(png_with(chunk("iTXt", keyword + plain + xmp(6)) + chunk("eXIf", kTwo)), 2);
  expect_upright(png_with(chunk("iTXt", keyword + plain + xmp(6)) + chunk("eXIf", block(3, big(1, 2)))), 1);
}

TEST(Orientation, StoredAsAnyTypeOfNumber) {
  for (const uint32_t type : {6U})
    EXPECT_EQ(data::exif_orientation(png_with(chunk("eXIf", block(type, big(6, 1))))), 6);
  for (const uint32_t type : {3U, 8U})
    EXPECT_EQ(data::exif_orientation(png_with(chunk("eXIf", block(type, big(6, 2))))), 6);
  for (const uint32_t type : {4U, 9U, 13U}) {
    EXPECT_EQ(data::exif_orientation(png_with(chunk("eXIf", block(type, big(6, 4))))), 6) << type;
  }
  for (const uint32_t type : {5U, 10U}) {
    EXPECT_EQ(data::exif_orientation(png_with(chunk("eXIf", block(type, big(12, 4) + big(2, 4))))), 6) << type;
  }
  EXPECT_EQ(data::exif_orientation(png_with(chunk("eXIf", block(16, big(6, 8))))), 6);
  EXPECT_EQ(data::exif_orientation(png_with(chunk("eXIf", block(11, big(std::bit_cast<uint32_t>(6.0F), 4))))), 6);
  EXPECT_EQ(data::exif_orientation(png_with(chunk("eXIf", block(12, big(std::bit_cast<uint64_t>(6.0), 8))))), 6);
  EXPECT_EQ(data::exif_orientation(png_with(chunk("eXIf", block(3, big(6, 2) + big(3, 2), 2)))),
            6);  // the first of two
  EXPECT_EQ(data::exif_orientation(png_with(chunk("eXIf", block(12, big(std::bit_cast<uint64_t>(6.5), 8))))), 1);
  EXPECT_EQ(data::exif_orientation(png_with(chunk("eXIf", block(9, big(0xFFFFFFFA, 4))))), 1);  // -6
  // Pillow takes a byte for text.
  for (const uint32_t type : {1U, 2U, 7U}) {
    EXPECT_EQ(data::exif_orientation(png_with(chunk("eXIf", block(type, big(6, 1))))), 1) << type;
  }
}

// 40 x 24, its top right corner white.
std::string jpeg() {
  const TemporaryDirectory directory;
  Tensor picture = torch::zeros({24, 40, 3}, torch::kUInt8);
  picture.slice(0, 0, 8).slice(1, 24, 40).fill_(255);
  write_jpeg(directory / "a.jpg", picture);
  return read_file(directory / "a.jpg");
}

std::string segment(uint8_t marker, const std::string& body) {
  return "\xFF" + big(marker, 1) + big(body.size() + 2, 2) + body;
}

std::string jpeg_with(const std::string& segments) {
  std::string bytes = jpeg();
  return bytes.insert(2, segments);
}

void expect_turned(const std::string& bytes) {
  EXPECT_EQ(data::exif_orientation(bytes), 6);
  const TemporaryDirectory directory;
  const Tensor picture = image_tensor(directory.write("a.jpg", bytes));
  ASSERT_EQ(picture.sizes(), (std::vector<int64_t>{40, 24, 3}));
  EXPECT_EQ(pixel(picture, 36, 20), (Pixel{255, 255, 255}));  // the bottom right corner
  EXPECT_EQ(pixel(picture, 4, 4), (Pixel{0, 0, 0}));
}

TEST(Orientation, OfAJpegBehindBytesThatFill) {
  constexpr uint8_t kApplication1 = 0xE1;
  const std::string exif = segment(kApplication1, kExif + kSix);
  expect_turned(jpeg_with(exif));
  expect_turned(jpeg_with("\xFF" + exif));
  expect_turned(jpeg_with("\xFF\xFF\xFF\xFF" + exif));
  expect_turned(jpeg_with(segment(0xFE, "a comment") + "\xFF\xFF" + exif));
  expect_turned(jpeg_with(segment(0xFE, "a comment") + "stray bytes" + exif));
  expect_turned(jpeg_with(std::string("\xFF\0", 2) + exif));
}

TEST(Orientation, OfAJpegInXmpOrInParts) {
  constexpr uint8_t kApplication1 = 0xE1;
  const std::string name = with_zero("http://ns.adobe.com/xap/1.0/");
  expect_turned(jpeg_with(segment(kApplication1, name + xmp(6))));
  expect_turned(jpeg_with(segment(kApplication1, kExif + kSix) + segment(kApplication1, name + xmp(3))));
  expect_turned(jpeg_with(segment(kApplication1, name + xmp(3)) + segment(kApplication1, kExif + kSix)));
  expect_turned(
      jpeg_with(segment(kApplication1, kExif + kSix.substr(0, 11)) + segment(kApplication1, kExif + kSix.substr(11))));
  expect_turned(jpeg_with(segment(kApplication1, kExif + block(4, big(6, 4)))));
}

TEST(Orientation, OfAWebpInXmp) {
  const auto riff_chunk = [](const std::string& type, const std::string& body) {
    return type + little(body.size(), 4) + body + std::string(body.size() % 2, '\0');
  };
  const auto webp = [](const std::string& chunks) { return "RIFF" + little(4 + chunks.size(), 4) + "WEBP" + chunks; };
  EXPECT_EQ(data::exif_orientation(webp(riff_chunk("XMP ", xmp(6)))), 6);
  EXPECT_EQ(data::exif_orientation(webp(riff_chunk("ICCP", "abc") + riff_chunk("EXIF", kExif + kSix))), 6);
  EXPECT_EQ(data::exif_orientation(webp(riff_chunk("EXIF", block(4, big(6, 4))) + riff_chunk("XMP ", xmp(3)))), 6);
}

// One row or one column on its side is an image like any other.
TEST(Orientation, OfAnImageOfOneRowOrColumn) {
  const TemporaryDirectory directory;
  directory.write("row.png", png_with(chunk("eXIf", kSix)));
  const auto type = data::make_modality_type(
      testing::entry("image", R"("size": 2, "mean": [0, 0, 0], "std": [1, 1, 1], "augment": "none")"));
  const Tensor row = type->load(testing::cell("row.png", directory.path()), nullptr);
  EXPECT_EQ(testing::values(row.select(2, 0)), (Pixel{1, 0, 0, 0, 0, 1}));  // red above blue
  for (int orientation = 1; orientation <= 8; ++orientation) {
    for (const auto& [height, width] : {std::pair<int64_t, int64_t>{1, 5}, {5, 1}, {1, 1}}) {
      const Tensor stored = testing::pattern(height, width);
      const Tensor upright = data::tensor_of(data::turn_upright(data::pixels_of(stored), orientation));
      EXPECT_EQ(upright.strides(), torch::empty(upright.sizes()).strides()) << orientation;
      EXPECT_TRUE(torch::equal(data::resize(upright, upright.size(0), upright.size(1)), upright));
      EXPECT_EQ(data::resize(upright, 3, 4).sizes(), (std::vector<int64_t>{3, 4, 3}));
    }
  }
}

}  // namespace
}  // namespace pdmp

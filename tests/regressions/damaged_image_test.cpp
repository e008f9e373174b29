// Damaged images that Pillow reads all the same: refused, or with --media lenient read as Pillow reads them and
// counted.
#include <cstdlib>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files/file.h"
#include "cli/program.h"
#include "data/cache/sample_cache.h"
#include "data/decode/image/image.h"
#include "data/decode/image/libjpeg_errors.h"
#include "data/encode/encode_jpeg.h"
#include "data/encode/encode_png.h"
#include "data/files/damaged_files.h"
#include "data/types/entry.h"
#include "support/expect_error.h"
#include "support/media/tensors.h"
#include "support/media_set.h"
#include "support/pattern_picture.h"
#include "support/temporary_directory.h"

namespace pdmp {
namespace {

using testing::expect_error;
using ::testing::HasSubstr;
using testing::pattern;
using testing::ProgramResult;
using testing::run_program;
using testing::TemporaryDirectory;
using testing::write_media_set;

data::FileLimits lenient() {
  FileOptions options;
  options.media = "lenient";
  return data::FileLimits(options);
}

std::string whole_jpeg() {
  const TemporaryDirectory directory;
  write_jpeg(directory / "a.jpg", pattern(64, 96));
  return read_file(directory / "a.jpg");
}

// The last pixels are missing, but not the end of the file.
std::string damaged_jpeg() {
  std::string jpeg = whole_jpeg();
  constexpr size_t kMissing = 200, kEnd = 2;
  return jpeg.erase(jpeg.size() - kMissing - kEnd, kMissing);
}

// What libjpeg makes of it, whatever it warns of, as Pillow takes it.
Tensor by_libjpeg(const std::string& jpeg) {
  jpeg_decompress_struct info{};
  data::LibjpegErrors errors;
  info.err = errors.manager();
  Tensor picture;
  EXPECT_TRUE(errors.run([&] {
    jpeg_create_decompress(&info);
    jpeg_mem_src(&info, reinterpret_cast<const unsigned char*>(jpeg.data()), jpeg.size());
    jpeg_read_header(&info, TRUE);
    jpeg_start_decompress(&info);
    picture = torch::empty({info.output_height, info.output_width, 3}, torch::kUInt8);
    while (info.output_scanline < info.output_height) {
      JSAMPROW row = picture.data_ptr<uint8_t>() + info.output_scanline * info.output_width * 3;
      jpeg_read_scanlines(&info, &row, 1);
    }
  }));
  jpeg_destroy_decompress(&info);
  EXPECT_STRNE(errors.message(), "");
  return picture;
}

TEST(DamagedImage, OfAJpegLenientlyWhatLibjpegGives) {
  const TemporaryDirectory directory;
  const std::string jpeg = damaged_jpeg();
  const auto path = directory.write("a.jpg", jpeg);
  expect_error(ErrorKind::data, {"a.jpg", "whole JPEG"}, [&] { image_tensor(path); });
  EXPECT_FALSE(data::damaged_files().has(path));
  const Tensor expected = by_libjpeg(jpeg);
  EXPECT_TRUE(torch::equal(image_tensor(path, 3, {}, lenient()), expected));
  EXPECT_TRUE(data::damaged_files().has(path));
  // Of a part, as of the whole.
  const data::CropBox box{40, 20, 10, 30};
  const data::ChoosePart part = [&](int64_t, int64_t) { return box; };
  EXPECT_TRUE(torch::equal(image_tensor(path, 3, part, lenient()), data::crop(expected, box)));
}

TEST(DamagedImage, WhatPillowRefusesIsRefusedLenientlyToo) {
  const TemporaryDirectory directory;
  const std::string jpeg = whole_jpeg();
  for (const std::string& bytes :
       {jpeg.substr(0, jpeg.size() / 2), jpeg.substr(0, jpeg.size() - 1), jpeg.substr(0, 20)}) {
    const auto path = directory.write("cut.jpg", bytes);
    expect_error(ErrorKind::data, {"cut.jpg", "whole JPEG"}, [&] { image_tensor(path, 3, {}, lenient()); });
    EXPECT_FALSE(data::damaged_files().has(path));
  }
  write_png(directory / "a.png", pattern(64, 96));
  const std::string png = read_file(directory / "a.png");
  const auto cut = directory.write("cut.png", png.substr(0, png.size() / 2));
  expect_error(ErrorKind::data, {"cut.png", "whole PNG"}, [&] { image_tensor(cut, 3, {}, lenient()); });
  EXPECT_FALSE(data::damaged_files().has(cut));
  // Not only their checksum is wrong: the pixels are.
  for (const size_t from_end : {17U, 18U, 60U}) {
    std::string wrong = png;
    wrong[png.size() - from_end] = static_cast<char>(wrong[png.size() - from_end] ^ 0x55);
    const auto path = directory.write("wrong.png", wrong);
    expect_error(ErrorKind::data, {"wrong.png", "whole PNG"}, [&] { image_tensor(path, 3, {}, lenient()); });
    EXPECT_FALSE(data::damaged_files().has(path));
  }
  std::string shifted = png;
  const auto fewer = directory.write("fewer.png", shifted.erase(png.size() / 2, 10));
  expect_error(ErrorKind::data, {"fewer.png", "whole PNG"}, [&] { image_tensor(fewer, 3, {}, lenient()); });
  const auto text = directory.write("text.png", "hello");
  expect_error(ErrorKind::data, {"text.png"}, [&] { image_tensor(text, 3, {}, lenient()); });
}

TEST(DamagedImage, OfAPngLenientlyWithoutEndOrChecksum) {
  const TemporaryDirectory directory;
  write_png(directory / "a.png", pattern(64, 96));
  const std::string png = read_file(directory / "a.png");
  std::string checksum = png;
  checksum[png.size() - 13] = static_cast<char>(checksum[png.size() - 13] ^ 1);  // the last of the pixels'
  for (const std::string& bytes : {png.substr(0, png.size() - 12), png.substr(0, png.size() - 5),
                                   png.substr(0, png.size() - 14), png.substr(0, png.size() - 20), checksum}) {
    const auto path = directory.write("damaged.png", bytes);
    expect_error(ErrorKind::data, {"damaged.png", "whole PNG"}, [&] { image_tensor(path); });
    EXPECT_TRUE(torch::equal(image_tensor(path, 3, {}, lenient()), pattern(64, 96)));
    EXPECT_TRUE(data::damaged_files().has(path));
  }
}

TEST(DamagedImage, StaysOutOfTheCache) {
  const TemporaryDirectory directory;
  const auto path = directory.write("a.jpg", damaged_jpeg());
  std::filesystem::last_write_time(path, std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
  data::SampleCache cache(directory / "cache", 1 << 24);
  const data::FileLimits limits = lenient();
  data::Cell cell = testing::cell("a.jpg", directory.path());
  cell.cache = &cache;
  const auto type = data::make_modality_type(testing::entry("image", R"("size": 16)"));
  expect_error(ErrorKind::data, {"a.jpg", "whole JPEG"}, [&] { type->load(cell, nullptr); });
  cell.files = &limits;
  EXPECT_EQ(type->load(cell, nullptr).size(1), 16);
  cache.commit();
  cell.files = nullptr;
  expect_error(ErrorKind::data, {"a.jpg", "whole JPEG"}, [&] { type->load(cell, nullptr); });
}

void write_set(const TemporaryDirectory& directory) {
  std::vector<std::string> cells;
  for (int i = 0; i < 8; ++i) {
    cells.push_back(std::to_string(i) + ".jpg");
    directory.write(cells.back(), i % 4 == 1 ? damaged_jpeg() : whole_jpeg());
  }
  write_media_set(directory, R"("type": "image", "size": 16)", cells);
}

TEST(DamagedImage, IsCountedByTheCheckOfADataSet) {
  const TemporaryDirectory directory;
  write_set(directory);
  const std::string data = directory.path().string();
  const ProgramResult strict = run_program({"data", "check", data});
  EXPECT_EQ(strict.code, 1);
  EXPECT_THAT(strict.out, HasSubstr("1.jpg': expected a whole JPEG"));
  EXPECT_THAT(strict.out, ::testing::Not(HasSubstr("read all the same")));
  const ProgramResult check = run_program({"data", "check", data, "--media", "lenient"});
  EXPECT_EQ(check.code, 0) << check.out << check.error;
  EXPECT_THAT(check.out, HasSubstr("damaged files that were read all the same: 2"));
  EXPECT_THAT(check.error, HasSubstr("2 damaged files were read as far as possible (--media lenient)"));
  EXPECT_THAT(check.error, HasSubstr("1.jpg': Corrupt JPEG data"));
  EXPECT_THAT(run_program({"data", "check", data, "--media", "lenient", "--json"}).out, HasSubstr("\"damaged\": 2"));
  EXPECT_EQ(run_program({"data", "check", data, "--media", "lax"}).code, 2);
}

TEST(DamagedImage, IsCountedByTraining) {
  const TemporaryDirectory directory;
  write_set(directory);
  const std::string data = directory.path().string(), run = (directory / "run").string();
  const std::vector<std::string> train = {
      "train",        "--data", data,    "--run", run,          "--epochs",          "1",
      "--batch-size", "4",      "--val", "none",  "--encoders", "m=resnet18:width=8"};
  std::vector<std::string> leniently = train;
  leniently.insert(leniently.end(), {"--media", "lenient"});
  EXPECT_EQ(run_program(train).code, 1);
  std::filesystem::remove_all(run);
  const ProgramResult result = run_program(leniently);
  EXPECT_EQ(result.code, 0) << result.error;
  EXPECT_THAT(result.error, HasSubstr("2 damaged files were read as far as possible"));
  const ProgramResult again = run_program({"evaluate", "--run", run, "--split", "train"});
  EXPECT_EQ(again.code, 0) << again.error;
  EXPECT_THAT(again.error, HasSubstr("2 damaged files were read as far as possible"));  // as in training
}

}  // namespace
}  // namespace pdmp

// Two hundred damaged files of each format: a decoder refuses them naming the file, or gives something finite; it
// neither crashes nor takes the time or the memory of the machine, and the check of a data set names what is refused.
#include <csignal>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <sys/resource.h>
#include <sys/time.h>
#include <tiffio.h>
#include <unistd.h>
#include <webp/encode.h>

#include "base/files/file.h"
#include "data/clip.h"
#include "data/damage.h"
#include "data/decode/audio/audio.h"
#include "data/decode/header/media_header.h"
#include "data/decode/image/image.h"
#include "data/decode/video/video.h"
#include "data/encode/encode_jpeg.h"
#include "data/encode/encode_png.h"
#include "data/inspect/decode_check.h"
#include "pdmp/error.h"
#include "support/media/encode_video.h"
#include "support/media/encode_wav.h"
#include "support/media/tensors.h"
#include "support/temporary_directory.h"

namespace pdmp::data {
namespace {

using testing::damage;
using testing::Damaged;
using ::testing::HasSubstr;
using testing::TemporaryDirectory;
using testing::with_number;

constexpr size_t kFiles = 200;
constexpr int64_t kMostSeconds = 5, kMostMemory = int64_t{1} << 30;

int64_t peak_memory() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return int64_t{usage.ru_maxrss} * 1024;
}

// Ends the program where a file takes more than kMostSeconds of the processor.
class Watch {
 public:
  explicit Watch(const std::string& name) {
    subject = name.c_str();
    std::signal(SIGPROF, [](int) {
      constexpr std::string_view kText = ": takes longer than 5 s\n";
      if (write(STDERR_FILENO, subject, std::char_traits<char>::length(subject)) > 0 &&
          write(STDERR_FILENO, kText.data(), kText.size()) > 0)
        _exit(1);
      _exit(2);
    });
    set(kMostSeconds);
  }
  ~Watch() { set(0); }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

 private:
  static void set(int64_t seconds) {
    itimerval timer{};
    timer.it_value.tv_sec = seconds;
    setitimer(ITIMER_PROF, &timer, nullptr);
  }
  static inline const char* subject = "";
};

using Decode = void (*)(const std::filesystem::path& path);

void expect_finite(const Tensor& values) {
  EXPECT_GT(values.numel(), 0);
  EXPECT_TRUE(values.isfinite().all().item<bool>());
}

void image(const std::filesystem::path& path) { EXPECT_GT(image_tensor(path).numel(), 0); }

void audio(const std::filesystem::path& path) {
  const AudioTensor sound = audio_tensor(path);
  EXPECT_GT(sound.rate, 0);
  EXPECT_LT(sound.samples.numel(), int64_t{1} << 27);
  if (sound.samples.numel() < 100000) expect_finite(sound.samples);
}

void video(const std::filesystem::path& path) {
  const VideoInfo info = read_video_info(path);
  EXPECT_GT(info.frames, 0);
  EXPECT_TRUE(std::isfinite(info.duration));
}

void pictures(const std::filesystem::path& path) {
  const VideoInfo info = read_video_info(path);
  EXPECT_EQ(frame_tensors(path, {0, info.frames / 2, info.frames - 1}).size(), 3U);
}

// One file through one decoder; true where it was refused.
bool is_refused(const std::filesystem::path& path, Decode decode) {
  try {
    decode(path);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::data);
    EXPECT_THAT(error.what(), HasSubstr(path.filename().string()));
    return true;
  }
  return false;
}

// The files go below `directory`; those a decoder refuses are returned, by the decoder's position.
std::vector<std::vector<std::string>> decode_all(const TemporaryDirectory& directory, const std::string& extension,
                                                 const std::vector<Damaged>& files,
                                                 const std::vector<Decode>& decoders) {
  EXPECT_EQ(files.size(), kFiles);
  std::vector<std::vector<std::string>> refused(decoders.size());
  for (size_t i = 0; i < files.size(); ++i) {
    const std::string name = fmt::format("{:03}.{}", i, extension);
    SCOPED_TRACE(fmt::format("{} ({})", name, files[i].what));
    const auto path = directory.write(name, files[i].bytes);
    const int64_t before = peak_memory();
    const Watch watch(name);
    bool any = false;
    for (size_t d = 0; d < decoders.size(); ++d) {
      if (!is_refused(path, decoders[d])) continue;
      refused[d].push_back(name);
      any = true;
    }
    read_media_header(path);
    EXPECT_TRUE(any || files[i].decodes);
    EXPECT_LT(peak_memory() - before, kMostMemory);
  }
  return refused;
}

// `pdmp data check` names every refused file. `modality`: its entry in dataset.json, named "m".
void expect_named(const TemporaryDirectory& directory, const std::string& extension, const std::string& modality,
                  const std::vector<std::string>& refused) {
  std::string rows = "id,split,label,file\n";
  for (size_t i = 0; i < kFiles; ++i) {
    rows += fmt::format("{0},train,{1},{0:03}.{2}\n", i, i % 2 == 0 ? "a" : "b", extension);
  }
  directory.write("metadata.csv", rows);
  directory.write("dataset.json", R"({"modalities": [{"name": "m", "column": "file", )" + modality + "}]}");
  const int64_t before = peak_memory();
  const DecodeCheck check = check_decoding(read_manifest(directory.path(), 0), {"train"}, 1);
  EXPECT_LT(peak_memory() - before, kMostMemory);
  std::map<std::string, std::string> reasons;
  for (const CheckFailure& failure : check.failures) reasons[failure.cell] = failure.reason;
  EXPECT_EQ(check.counts.at(0).cells, static_cast<int64_t>(kFiles));
  EXPECT_EQ(check.counts.at(0).failed, static_cast<int64_t>(reasons.size()));
  EXPECT_LT(reasons.size(), kFiles);
  for (const std::string& name : refused) EXPECT_THAT(reasons[name], HasSubstr(name)) << "not in the report";
}

void leave_as_it_is(std::string&) {}

std::string bytes_of(const TemporaryDirectory& directory, const std::string& name) {
  return read_file(directory / name);
}

// A picture that no filter of a codec makes trivial.
Tensor picture() {
  const Tensor pixels = torch::arange(60 * 80 * 3).reshape({60, 80, 3});
  return ((pixels * pixels / 7).remainder(251)).to(torch::kUInt8);
}

Tensor tone(int64_t count) { return (torch::arange(count).to(torch::kFloat32) * 0.2F).sin() * 0.5F; }

// Checksums of a PNG's chunks (its section 15: reflected, 0xEDB88320), wherever their lengths still lead.
void repair_png(std::string& bytes) {
  for (size_t at = 8; at + 12 <= bytes.size();) {
    size_t length = 0;
    for (size_t i = 0; i < 4; ++i) length = length << 8 | static_cast<uint8_t>(bytes[at + i]);
    if (length > bytes.size() - at - 12) return;
    uint32_t crc = 0xFFFFFFFF;
    for (size_t i = at + 4; i < at + 8 + length; ++i) {
      crc ^= static_cast<uint8_t>(bytes[i]);
      for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1u) != 0 ? 0xEDB88320 : 0);
    }
    bytes = with_number(std::move(bytes), at + 8 + length, ~crc, 4, true);
    at += 12 + length;
  }
}

TEST(DamagedMedia, Png) {
  const TemporaryDirectory directory;
  write_png(directory / "good", picture());
  write_jpeg(directory / "other", picture());
  const std::string good = bytes_of(directory, "good");
  std::vector<Damaged> special = {{bytes_of(directory, "other"), "a JPEG", true}};
  write_png(directory / "huge", torch::zeros({8000, 8000, 1}, torch::kUInt8));
  special.push_back({bytes_of(directory, "huge"), "64 million pixels in few bytes", true});
  constexpr size_t kWidth = 16, kHeight = 20;
  for (const uint64_t width : {0x0u, 0x50u, 0x4000u, 0xFFFFu, 0x7FFFFFFFu, 0xFFFFFFFFu}) {
    for (const uint64_t height : {0x0u, 0x1000u, 0x7FFFFFFFu, 0xFFFFFFFFu}) {
      std::string bytes = with_number(with_number(good, kWidth, width, 4, true), kHeight, height, 4, true);
      repair_png(bytes);
      special.push_back({bytes, fmt::format("declares {} x {}", width, height)});
    }
  }
  constexpr size_t kFirstChunk = 33;
  for (const uint64_t length : {0x7FFFFFFFu, 0xFFFFFFFFu, 0xFFFFFFF0u}) {
    special.push_back({with_number(good, kFirstChunk, length, 4, true), "a huge chunk"});
  }
  const auto refused = decode_all(directory, "png", damage(good, special, kFiles, repair_png), {image});
  expect_named(directory, "png", R"("type": "image", "size": 8)", refused[0]);
}

// Bitmaps of 24 bits; sizes at 18 and 22.
TEST(DamagedMedia, Bmp) {
  const TemporaryDirectory directory;
  const std::string header =
      std::string("BM\0\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x50\0\0\0\x3C\0\0\0\1\0\x18\0", 30) + std::string(24, '\0');
  const Tensor pixels = picture();
  const std::string good = header + std::string(reinterpret_cast<const char*>(pixels.data_ptr<uint8_t>()), 60 * 80 * 3);
  constexpr size_t kWidth = 18, kHeight = 22, kBits = 28, kCompression = 30;
  std::vector<Damaged> special;
  for (const uint64_t width : {0x0u, 0x4000u, 0x7FFFFFFFu, 0xFFFFFFFFu}) {
    for (const uint64_t height : {0x0u, 0x1000u, 0x7FFFFFFFu, 0x80000000u}) {
      special.push_back({with_number(with_number(good, kWidth, width, 4, false), kHeight, height, 4, false),
                         fmt::format("declares {} x {}", width, height)});
    }
  }
  for (const uint64_t compression : {1u, 2u}) {
    const std::string runs = with_number(good, kCompression, compression, 4, false);
    special.push_back({with_number(runs, kBits, compression == 1 ? 8 : 4, 2, false), "pixels as runs", true});
  }
  const auto refused = decode_all(directory, "bmp", damage(good, special, kFiles, leave_as_it_is), {image});
  expect_named(directory, "bmp", R"("type": "image", "size": 8)", refused[0]);
}

// Codes of nine bits, each a color of its own, until there are too many; then from the beginning.
std::string gif_of(const Tensor& indices) {
  constexpr uint32_t kClear = 256, kBits = 9, kMost = 200;
  std::string bits;
  const auto add = [&](uint32_t code) {
    for (uint32_t i = 0; i < kBits; ++i) bits += static_cast<char>(code >> i & 1);
  };
  for (int64_t i = 0; i < indices.numel(); ++i) {
    if (i % kMost == 0) add(kClear);
    add(indices.data_ptr<uint8_t>()[i]);
  }
  add(kClear + 1);
  bits.resize((bits.size() + 7) / 8 * 8, '\0');
  std::string codes(bits.size() / 8, '\0');
  for (size_t i = 0; i < bits.size(); ++i) codes[i / 8] = static_cast<char>(codes[i / 8] | bits[i] << i % 8);
  std::string gif = std::string("GIF89a\x50\0\x3C\0\xF7\0\0", 13) + std::string(768, 'c') +
                    std::string(",\0\0\0\0\x50\0\x3C\0\0\x08", 11);
  constexpr size_t kBlock = 255;
  for (size_t at = 0; at < codes.size(); at += kBlock) {
    const std::string block = codes.substr(at, kBlock);
    gif += static_cast<char>(block.size()) + block;
  }
  return gif + std::string("\0;", 2);
}

TEST(DamagedMedia, Gif) {
  const TemporaryDirectory directory;
  const std::string good = gif_of(picture().select(2, 0).contiguous());
  constexpr size_t kScreen = 6, kFrame = 13 + 768 + 5;
  std::vector<Damaged> special;
  for (const uint64_t width : {0x0u, 0x2000u, 0xFFFFu}) {
    for (const uint64_t height : {0x0u, 0x2000u, 0xFFFFu}) {
      special.push_back({with_number(with_number(good, kFrame, width, 2, false), kFrame + 2, height, 2, false),
                         fmt::format("a frame of {} x {}", width, height)});
      special.push_back({with_number(with_number(good, kScreen, width, 2, false), kScreen + 2, height, 2, false),
                         fmt::format("a canvas of {} x {}", width, height), width * height < 0xFFFF * 0x2000u});
    }
  }
  const auto refused = decode_all(directory, "gif", damage(good, special, kFiles, leave_as_it_is), {image});
  expect_named(directory, "gif", R"("type": "image", "size": 8)", refused[0]);
}

std::string tiff_of(const TemporaryDirectory& directory, const Tensor& pixels, int compression) {
  const std::filesystem::path path = directory / "good.tiff";
  TIFF* tiff = TIFFOpen(path.c_str(), "w");
  TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, static_cast<uint32_t>(pixels.size(1)));
  TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, static_cast<uint32_t>(pixels.size(0)));
  TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, 8);
  TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, 3);
  TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_RGB);
  TIFFSetField(tiff, TIFFTAG_COMPRESSION, compression);
  TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, 16);
  for (int64_t y = 0; y < pixels.size(0); ++y)
    TIFFWriteScanline(tiff, pixels[y].data_ptr<uint8_t>(), static_cast<uint32_t>(y), 0);
  TIFFClose(tiff);
  return read_file(path);
}

// Where the value of a tag is; the directory's entries are short enough to hold it.
size_t place_of(const std::string& tiff, uint16_t tag) {
  const std::string name = {static_cast<char>(tag & 255), static_cast<char>(tag >> 8)};
  const auto* first = reinterpret_cast<const uint8_t*>(tiff.data()) + 4;
  const size_t directory = static_cast<size_t>(first[0] | first[1] << 8 | first[2] << 16);
  for (size_t at = directory + 2;; at += 12) {
    if (tiff.compare(at, 2, name) == 0) return at + 8;
  }
}

TEST(DamagedMedia, Tiff) {
  for (const int compression : {COMPRESSION_NONE, COMPRESSION_LZW, COMPRESSION_JPEG}) {
    const TemporaryDirectory directory;
    const std::string good = tiff_of(directory, picture(), compression);
    std::vector<Damaged> special;
    for (const uint64_t width : {0x0u, 0x2000u, 0x7FFFFFFFu, 0xFFFFFFFFu}) {
      for (const uint64_t height : {0x0u, 0x2000u, 0x7FFFFFFFu, 0xFFFFFFFFu}) {
        special.push_back({with_number(with_number(good, place_of(good, TIFFTAG_IMAGEWIDTH), width, 4, false),
                                       place_of(good, TIFFTAG_IMAGELENGTH), height, 4, false),
                           fmt::format("declares {} x {}", width, height)});
      }
    }
    for (const uint16_t tag :
         {TIFFTAG_SAMPLESPERPIXEL, TIFFTAG_ROWSPERSTRIP, TIFFTAG_COMPRESSION, TIFFTAG_PHOTOMETRIC}) {
      for (const uint64_t value : {0x0u, 0x2u, 0x6u, 0xFFFFu})
        special.push_back(
            {with_number(good, place_of(good, tag), value, 2, false), fmt::format("{} is {}", tag, value), true});
    }
    const auto refused = decode_all(directory, "tiff", damage(good, special, kFiles, leave_as_it_is), {image});
    expect_named(directory, "tiff", R"("type": "image", "size": 8)", refused[0]);
  }
}

TEST(DamagedMedia, Webp) {
  for (const bool lossless : {false, true}) {
    const TemporaryDirectory directory;
    const Tensor pixels = picture();
    constexpr float kQuality = 80;
    uint8_t* bytes = nullptr;
    const size_t size = lossless ? WebPEncodeLosslessRGB(pixels.data_ptr<uint8_t>(), 80, 60, 240, &bytes)
                                 : WebPEncodeRGB(pixels.data_ptr<uint8_t>(), 80, 60, 240, kQuality, &bytes);
    const std::string good(reinterpret_cast<char*>(bytes), size);
    WebPFree(bytes);
    const auto refused = decode_all(directory, "webp", damage(good, {}, kFiles, leave_as_it_is), {image});
    expect_named(directory, "webp", R"("type": "image", "size": 8)", refused[0]);
  }
}

TEST(DamagedMedia, Jpeg) {
  const TemporaryDirectory directory;
  write_jpeg(directory / "good", picture());
  write_png(directory / "other", picture());
  const std::string good = bytes_of(directory, "good");
  std::vector<Damaged> special = {{bytes_of(directory, "other"), "a PNG", true}};
  const size_t frame = good.find("\xFF\xC0");
  ASSERT_NE(frame, std::string::npos);
  for (const uint64_t height : {0x0u, 0x1u, 0x2000u, 0xFFFFu}) {
    for (const uint64_t width : {0x0u, 0x2000u, 0x4000u, 0xFFFFu}) {
      const std::string bytes = with_number(with_number(good, frame + 5, height, 2, true), frame + 7, width, 2, true);
      special.push_back({bytes, fmt::format("declares {} x {}", width, height), height == 1});
    }
  }
  for (const char marker : {'\xC0', '\xC4', '\xDB', '\xDA'}) {
    const size_t at = good.find(std::string("\xFF") + marker);
    for (const uint64_t length : {0x0u, 0x1u, 0xFFFFu}) {
      special.push_back({with_number(good, at + 2, length, 2, true), "a segment of impossible length", length < 2});
    }
  }
  const auto refused = decode_all(directory, "jpg", damage(good, special, kFiles, leave_as_it_is), {image});
  expect_named(directory, "jpg", R"("type": "image", "size": 8)", refused[0]);
}

TEST(DamagedMedia, Wav) {
  const TemporaryDirectory directory;
  write_wav(directory / "good", tone(8000), 16000);
  write_png(directory / "other", picture());
  const std::string good = bytes_of(directory, "good");
  std::vector<Damaged> special = {{bytes_of(directory, "other"), "a PNG"}};
  struct Field {
    const char* name;
    size_t at, width;
  };
  constexpr Field kFields[] = {{"RIFF size", 4, 4}, {"fmt size", 16, 4}, {"format", 20, 2},
                               {"channels", 22, 2}, {"rate", 24, 4},     {"byte rate", 28, 4},
                               {"block", 32, 2},    {"bits", 34, 2},     {"size of samples", 40, 4}};
  for (const Field& field : kFields) {
    for (const uint64_t value : {0x0u, 0x1u, 0xFFu, 0x7FFFu, 0xFFFFu, 0x1234567u, 0x7FFFFFFFu, 0xFFFFFFFFu}) {
      special.push_back(
          {with_number(good, field.at, value, field.width, false), fmt::format("{} {}", field.name, value), true});
    }
  }
  special.push_back({with_number(good, 24, 1, 4, false), "endless: 8000 samples at 1 Hz"});
  const auto refused = decode_all(directory, "wav", damage(good, special, kFiles, leave_as_it_is), {audio});
  expect_named(directory, "wav", R"("type": "audio", "profile": "log_stft_av")", refused[0]);
}

// The pages of an Ogg file (RFC 3533) with their checksums made right, wherever their lengths still lead.
void repair_ogg(std::string& bytes) {
  for (size_t at = 0; at + 27 <= bytes.size();) {
    const auto segments = static_cast<uint8_t>(bytes[at + 26]);
    size_t length = 27 + size_t{segments};
    if (at + length > bytes.size()) return;
    for (size_t i = 0; i < segments; ++i) length += static_cast<uint8_t>(bytes[at + 27 + i]);
    if (at + length > bytes.size()) return;
    bytes = with_number(std::move(bytes), at + 22, 0, 4, false);
    uint32_t crc = 0;
    for (size_t i = at; i < at + length; ++i) {
      crc ^= static_cast<uint32_t>(static_cast<uint8_t>(bytes[i])) << 24;
      for (int bit = 0; bit < 8; ++bit) crc = crc << 1 ^ ((crc & 0x80000000u) != 0 ? 0x04C11DB7u : 0);
    }
    bytes = with_number(std::move(bytes), at + 22, crc, 4, false);
    at += length;
  }
}

// The headers of `good`, then pages of 255 Vorbis packets of one byte each: long blocks of silence, 1024 samples a
// byte.
std::string endless_silence(const std::string& good, int64_t pages) {
  const size_t audio_begins = good.find("OggS", good.find("OggS", 4) + 4);
  std::string bytes = good.substr(0, audio_begins);
  for (int64_t i = 0; i < pages; ++i) {
    std::string page =
        good.substr(0, 26) + std::string(1, '\xFF') + std::string(255, '\x01') + std::string(255, '\x0E');
    page[5] = i + 1 == pages ? '\x04' : '\0';
    page = with_number(std::move(page), 6, static_cast<uint64_t>(i + 1) * 255 * 512, 8, false);
    bytes += with_number(std::move(page), 18, static_cast<uint64_t>(i + 2), 4, false);
  }
  repair_ogg(bytes);
  return bytes;
}

TEST(DamagedMedia, Ogg) {
  const TemporaryDirectory directory;
  write_png(directory / "other", picture());
  const std::string good = read_file(std::filesystem::path(PDMP_GOLDEN_DIR) / "media" / "tone.ogg");
  std::vector<Damaged> special = {{bytes_of(directory, "other"), "a PNG"},
                                  {endless_silence(good, 4), "24 s of silence in two kilobytes", true},
                                  {endless_silence(good, 600), "endless silence"},
                                  {endless_silence(good, 3000), "hours of silence"}};
  struct Field {
    const char* name;
    size_t at, width;
  };
  constexpr size_t kIdentification = 28;  // behind the first page's header
  constexpr Field kFields[] = {{"flags", 5, 1},
                               {"granule position", 6, 8},
                               {"page number", 18, 4},
                               {"segments", 26, 1},
                               {"length of a segment", 27, 1},
                               {"channels", kIdentification + 11, 1},
                               {"rate", kIdentification + 12, 4},
                               {"bit rate", kIdentification + 20, 4},
                               {"block sizes", kIdentification + 28, 1}};
  for (const Field& field : kFields) {
    for (const uint64_t value : {0x0u, 0x1u, 0x7Fu, 0xFFu, 0x7FFFFFFFu, 0xFFFFFFFFu}) {
      std::string bytes = with_number(good, field.at, value, field.width, false);
      repair_ogg(bytes);
      special.push_back({bytes, fmt::format("{} {}", field.name, value), true});
    }
  }
  const auto refused = decode_all(directory, "ogg", damage(good, special, kFiles, repair_ogg), {audio});
  expect_named(directory, "ogg", R"("type": "audio", "profile": "log_stft_av")", refused[0]);
}

TEST(DamagedMedia, Mp4) {
  const TemporaryDirectory directory;
  write_video(directory / "good.mp4", testing::numbered_clip(20), {.audio = tone(12800)});
  write_wav(directory / "other", tone(8000), 16000);
  const std::string good = bytes_of(directory, "good.mp4");
  std::vector<Damaged> special = {{bytes_of(directory, "other"), "a WAV"}};
  for (const char* box : {"moov", "mvhd", "mdhd", "tkhd", "stsd", "stts", "ctts", "stsz", "stsc", "stco", "mdat"}) {
    const size_t at = good.find(box);
    if (at == std::string::npos) continue;  // not every encoder reorders frames
    for (const size_t offset : {size_t{0}, size_t{8}, size_t{12}, size_t{16}}) {
      for (const uint64_t value : {0x10000000u, 0xFFFFFFFFu}) {
        special.push_back({with_number(good, offset == 0 ? at - 4 : at + offset, value, 4, true),
                           fmt::format("{}+{}: {}", box, offset, value), true});
      }
    }
  }
  const auto files = damage(good, special, kFiles, leave_as_it_is);
  const auto refused = decode_all(directory, "mp4", files, {video, audio, pictures});
  expect_named(directory, "mp4", R"("type": "frames", "size": 8)", refused[0]);
  expect_named(directory, "mp4", R"("type": "audio", "profile": "log_stft_av")", refused[1]);
}

}  // namespace
}  // namespace pdmp::data

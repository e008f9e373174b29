// Recordings that are whole, whatever stands before and behind their sound or however their numbers are laid out.
#include <cstring>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/files/file.h"
#include "data/decode/audio/audio.h"
#include "support/expect_error.h"
#include "support/ffmpeg.h"
#include "support/media/encode_wav.h"
#include "support/media/tensors.h"
#include "support/temporary_directory.h"

namespace pdmp {
namespace {

using testing::expect_error;
using testing::run_ffmpeg;
using testing::TemporaryDirectory;

constexpr int64_t kRate = 16000;

Tensor tone(int64_t count) { return 0.4 * torch::sin(torch::arange(count, torch::kFloat32) * 0.1); }

class RecordingEdges : public ::testing::Test {
 protected:
  RecordingEdges() { write_wav(folder_ / "a.wav", tone(2 * kRate), kRate); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  Tensor sound(const std::string& name) const { return audio_tensor(folder_ / name).samples; }

  // The same recording in another container.
  std::string convert(const std::string& name, const std::string& options = "") const {
    run_ffmpeg(fmt::format("-i {} {} {}", path("a.wav"), options, path(name)));
    return read_file(folder_ / name);
  }

  TemporaryDirectory folder_;
};

std::string little(uint32_t value, int width = 4) {
  std::string bytes;
  for (int i = 0; i < width; ++i) bytes += static_cast<char>(value >> (8 * i));
  return bytes;
}

std::string id3v1() { return std::string("TAG") + std::string(125, '\0'); }

std::string apev2(bool header) {
  const std::string item = little(5) + little(0) + std::string("Title\0hello", 11);
  const auto edge = [&](uint32_t flags) {
    return "APETAGEX" + little(2000) + little(static_cast<uint32_t>(item.size()) + 32) + little(1) + little(flags) +
           std::string(8, '\0');
  };
  const uint32_t has_header = header ? 1U << 31 : 0;
  return (header ? edge(has_header | 1U << 29) : "") + item + edge(has_header);
}

std::string id3v2(size_t size) {
  std::string tag("ID3\x04\0\0", 6);
  for (int shift = 21; shift >= 0; shift -= 7) tag += static_cast<char>(size >> shift & 0x7F);
  return tag + std::string(size, '\0');
}

std::string lyrics3() { return "LYRICSBEGININD0000200000021LYRICS200"; }

TEST_F(RecordingEdges, FlacWithTagsBehindIt) {
  const std::string flac = convert("a.flac");
  const Tensor expected = sound("a.wav");
  ASSERT_TRUE(torch::equal(sound("a.flac"), expected));
  const std::string tags[] = {
      id3v1(), apev2(true), apev2(false), apev2(true) + id3v1(), lyrics3() + id3v1(), std::string(5000, '\0')};
  for (const std::string& tag : tags) {
    folder_.write("tagged.flac", flac + tag);
    EXPECT_TRUE(torch::equal(sound("tagged.flac"), expected)) << tag.substr(0, 8);
  }
}

// Written by a program that could not go back to say how long it is.
TEST_F(RecordingEdges, FlacOfUnknownLengthWithTagsBehindIt) {
  std::string flac = convert("a.flac");
  flac[21] = static_cast<char>(flac[21] & 0xF0);
  for (size_t i = 22; i < 26; ++i) flac[i] = '\0';
  for (const std::string& tag : {std::string(), id3v1(), apev2(true), apev2(false) + id3v1()}) {
    folder_.write("tagged.flac", flac + tag);
    EXPECT_TRUE(torch::equal(sound("tagged.flac"), sound("a.wav"))) << tag.substr(0, 8);
  }
}

TEST_F(RecordingEdges, FlacWithAnId3TagBeforeIt) {
  const std::string flac = convert("a.flac");
  for (const size_t size : {size_t{20}, size_t{5000}, size_t{3000000}}) {
    folder_.write("tagged.flac", id3v2(size) + flac + id3v1());
    EXPECT_TRUE(torch::equal(sound("tagged.flac"), sound("a.wav"))) << size;
  }
}

TEST_F(RecordingEdges, FlacThatIsCutIsRefusedWithItsTags) {
  const std::string flac = convert("a.flac");
  for (const double part : {0.3, 0.7}) {
    const auto size = static_cast<size_t>(static_cast<double>(flac.size()) * part);
    folder_.write("cut.flac", flac.substr(0, size) + id3v1());
    expect_error(ErrorKind::data, {"cut.flac"}, [&] { sound("cut.flac"); });
  }
}

TEST_F(RecordingEdges, OtherRecordingsWithTagsBehindThem) {
  for (const char* name : {"a.mp3", "a.ogg", "a.opus", "a.wav", "a.aac", "a.wv", "a.tta", "a.m4a", "a.aiff", "a.au"}) {
    const std::string ending = std::string(name).substr(1);
    const std::string whole = std::string(name) == "a.wav" ? read_file(folder_ / name) : convert(name);
    const Tensor expected = sound(name);
    for (const std::string& tag : {id3v1(), apev2(true), apev2(false) + id3v1(), lyrics3() + id3v1()}) {
      folder_.write("tagged" + ending, whole + tag);
      EXPECT_TRUE(torch::equal(sound("tagged" + ending), expected)) << name << ' ' << tag.substr(0, 8);
    }
  }
}

// FFmpeg counts the samples of an Ogg file with those that the encoder put in front.
TEST_F(RecordingEdges, OpusWithALongPreSkip) {
  const auto crc = [](std::string_view page) {
    uint32_t sum = 0;
    for (const char byte : page) {
      sum ^= static_cast<uint32_t>(static_cast<uint8_t>(byte)) << 24;
      for (int i = 0; i < 8; ++i) sum = sum << 1 ^ ((sum >> 31) != 0 ? 0x04C11DB7U : 0U);
    }
    return sum;
  };
  std::string opus = convert("a.opus");
  const Tensor all = sound("a.opus");
  const size_t head = opus.find("OpusHead");
  const auto skipped = static_cast<uint8_t>(opus[head + 10]) + 256 * static_cast<uint8_t>(opus[head + 11]);
  opus.replace(head + 10, 2, little(48000, 2));
  const size_t page = opus.find("OggS", 4);
  opus.replace(22, 4, little(0));
  opus.replace(22, 4, little(crc(std::string_view(opus).substr(0, page))));
  folder_.write("skip.opus", opus);
  const AudioTensor cut = audio_tensor(folder_ / "skip.opus");
  EXPECT_EQ(cut.rate, 48000);
  EXPECT_TRUE(torch::equal(cut.samples, all.slice(0, 48000 - skipped)));
}

// Vorbis of a single page: its blocks hold more samples than it notes.
TEST_F(RecordingEdges, AVorbisOfOnePageEndsWhereItSays) {
  constexpr int64_t kCount = 10000;
  write_wav(folder_ / "a.wav", tone(kCount), kRate);
  convert("short.ogg", "-c:a libvorbis -page_duration 60000000");
  ASSERT_EQ(sound("short.ogg").size(0), kCount);
  const Tensor inner = (sound("short.ogg") - sound("a.wav")).slice(0, 100, kCount - 300);
  EXPECT_LT(inner.abs().max().item<double>(), 0.2);
}

// PCM and float samples as WAV in either order of bytes.
std::string wav(bool big, uint32_t form, int bits, bool extensible, const Tensor& samples) {
  const auto number = [&](uint32_t value, int width) {
    std::string bytes = little(value, width);
    return big ? std::string(bytes.rbegin(), bytes.rend()) : bytes;
  };
  std::string data;
  for (int64_t i = 0; i < samples.size(0); ++i) {
    const float value = samples[i].item<float>();
    uint32_t word = 0;
    if (form == 3) {
      std::memcpy(&word, &value, 4);
    } else {
      word = static_cast<uint32_t>(static_cast<int32_t>(value * static_cast<float>(1U << (bits - 1))));
    }
    data += bits == 8 ? std::string(1, static_cast<char>(word + 128)) : number(word, bits / 8);
  }
  const uint32_t align = static_cast<uint32_t>(bits) / 8;
  std::string form_chunk = number(extensible ? 0xFFFE : form, 2) + number(1, 2) + number(kRate, 4) +
                           number(kRate * align, 4) + number(align, 2) + number(static_cast<uint32_t>(bits), 2);
  if (extensible) {
    form_chunk += number(22, 2) + number(static_cast<uint32_t>(bits), 2) + number(4, 4) + number(form, 4) +
                  number(0, 2) + number(16, 2) + std::string("\x80\0\0\xAA\0\x38\x9B\x71", 8);
  }
  const std::string list = "LIST" + number(4, 4) + "INFO";
  const std::string chunks = "WAVEfmt " + number(static_cast<uint32_t>(form_chunk.size()), 4) + form_chunk + list +
                             "data" + number(static_cast<uint32_t>(data.size()), 4) + data;
  return (big ? "RIFX" : "RIFF") + number(static_cast<uint32_t>(chunks.size()), 4) + chunks;
}

TEST_F(RecordingEdges, BigEndianWavEqualsLittleEndian) {
  const Tensor samples = torch::cat({tone(500), torch::tensor({-1.0F, 0.25F, -0.5F})});
  for (const bool extensible : {false, true}) {
    for (const auto& [form, bits] : std::vector<std::pair<uint32_t, int>>{{1, 8}, {1, 16}, {1, 24}, {1, 32}, {3, 32}}) {
      SCOPED_TRACE(fmt::format("form {}, {} bits, extensible {}", form, bits, extensible));
      folder_.write("little.wav", wav(false, form, bits, extensible, samples));
      folder_.write("big.wav", wav(true, form, bits, extensible, samples));
      EXPECT_LT((sound("little.wav") - samples).abs().max().item<double>(), bits == 8 ? 0.01 : 0.0001);
      EXPECT_TRUE(torch::equal(sound("big.wav"), sound("little.wav")));
      EXPECT_EQ(audio_tensor(folder_ / "big.wav").rate, kRate);
    }
  }
}

TEST_F(RecordingEdges, BigEndianWavOfAnotherFormOrCutIsRefused) {
  const std::string whole = wav(true, 1, 16, false, tone(500));
  folder_.write("cut.wav", whole.substr(0, whole.size() - 100));
  expect_error(ErrorKind::data, {"cut.wav", "900 of 1000 bytes"}, [&] { sound("cut.wav"); });
  folder_.write("adpcm.wav", wav(true, 17, 16, false, tone(500)));
  expect_error(ErrorKind::data, {"adpcm.wav", "RIFX"}, [&] { sound("adpcm.wav"); });
  folder_.write("header.wav", whole.substr(0, 20));
  expect_error(ErrorKind::data, {"header.wav"}, [&] { sound("header.wav"); });
}

TEST_F(RecordingEdges, UncompressedContainersGiveTheSameSamples) {
  const Tensor expected = sound("a.wav");
  for (const char* name : {"a.w64", "a.aiff", "a.au", "a.caf", "a.flac", "a.wv", "a.tta"}) {
    convert(name);
    EXPECT_TRUE(torch::equal(sound(name), expected)) << name;
  }
  const std::string rf64 = convert("long.wav", "-rf64 always");
  ASSERT_TRUE(rf64.starts_with("RF64"));
  EXPECT_TRUE(torch::equal(sound("long.wav"), expected));
  folder_.write("cut.wav", rf64.substr(0, rf64.size() - 64));
  expect_error(ErrorKind::data, {"cut.wav", "63936 of 64000 bytes"}, [&] { sound("cut.wav"); });
}

}  // namespace
}  // namespace pdmp

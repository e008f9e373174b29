#include "data/decode/audio/audio.h"

#include <gtest/gtest.h>

#include "base/files/file.h"
#include "support/expect_error.h"
#include "support/golden.h"
#include "support/media/encode_wav.h"
#include "support/media/tensors.h"
#include "support/temporary_directory.h"

namespace pdmp::data {
namespace {

using testing::expect_error;
using testing::golden;
using testing::TemporaryDirectory;

// k / 32768 for whole k over the full range.
Tensor ramp(int64_t count) {
  return ((torch::arange(count) * 65535 / (count - 1)).floor() - 32768).to(torch::kFloat32) / 32768;
}

void expect_refused(const std::filesystem::path& path, std::vector<std::string> words) {
  words.push_back(path.string());
  expect_error(ErrorKind::data, words, [&] { audio_tensor(path); });
}

TEST(DecodeAudio, GivesBack16BitSamplesExactly) {
  const TemporaryDirectory directory;
  const Tensor samples = ramp(20000);
  write_wav(directory / "a.wav", samples, 16000);
  const AudioTensor audio = audio_tensor(directory / "a.wav");
  EXPECT_EQ(audio.rate, 16000);
  EXPECT_TRUE(torch::equal(audio.samples, samples));
  EXPECT_EQ(audio.samples.min().item<float>(), -1.0f);
}

TEST(DecodeAudio, TakesTheMeanOfTheChannels) {
  const TemporaryDirectory directory;
  const Tensor left = ramp(1000), right = ramp(1000).flip(0) * 0.5;
  const Tensor stereo = torch::stack({left, (right * 32768).floor() / 32768});
  write_wav(directory / "a.wav", stereo, 8000);
  const AudioTensor audio = audio_tensor(directory / "a.wav");
  EXPECT_EQ(audio.rate, 8000);
  EXPECT_TRUE(torch::equal(audio.samples, (stereo[0] + stereo[1]) / 2));
}

TEST(DecodeAudio, CutsByTime) {
  const TemporaryDirectory directory;
  const Tensor samples = ramp(48000);
  write_wav(directory / "a.wav", samples, 16000);
  EXPECT_TRUE(torch::equal(audio_tensor(directory / "a.wav", 0.5).samples, samples.slice(0, 8000)));
  EXPECT_TRUE(torch::equal(audio_tensor(directory / "a.wav", 1.25, 2.0).samples, samples.slice(0, 20000, 32000)));
  EXPECT_TRUE(torch::equal(audio_tensor(directory / "a.wav", {}, 10.0).samples, samples));
  expect_error(ErrorKind::data, {"from 4 s", "3.00 s in all"}, [&] { audio_tensor(directory / "a.wav", 4.0); });
}

TEST(DecodeAudio, ReadsVorbis) {
  const AudioTensor audio = audio_tensor(golden("tone.ogg"));  // 1 s of 440 Hz, both channels at 1/8 less 3 dB
  EXPECT_EQ(audio.rate, 22050);
  EXPECT_EQ(audio.samples.size(0), 22050);
  EXPECT_NEAR(audio.samples.slice(0, 2000, 20000).abs().max().item<double>(), 0.0884, 0.006);
  const Tensor spectrum = torch::fft_rfft(audio.samples).abs();
  EXPECT_EQ(spectrum.argmax().item<int64_t>(), 440);
}

TEST(DecodeAudio, RefusesWhatIsNoRecording) {
  const TemporaryDirectory directory;
  expect_refused(directory / "none.wav", {"no such file"});
  expect_refused(directory.write("empty.ogg", ""), {"empty file (0 bytes)"});
  expect_refused(directory.write("text.wav", "this is not sound, whatever its name may say; it is just some text"),
                 {"a recording"});
  expect_refused(golden("gradient.jpg"), {"a recording", "found a JPEG picture"});
  const std::string header = read_file(golden("tone.ogg")).substr(0, 40);
  expect_refused(directory.write("header.ogg", header), {"cut"});
}

TEST(DecodeAudio, RefusesCutOggWhereverItEnds) {
  const TemporaryDirectory directory;
  const std::string whole = read_file(golden("tone.ogg"));
  for (const double part : {0.02, 0.3, 0.6, 0.9, 0.999}) {
    const auto size = static_cast<size_t>(static_cast<double>(whole.size()) * part);
    expect_refused(directory.write("cut.ogg", whole.substr(0, size)), {"whole recording", "cut"});
  }
  // Cut where a page ends, the rest is well formed; but the stream never ended.
  const size_t last_page = whole.rfind("OggS");
  ASSERT_GT(last_page, 0u);
  expect_refused(directory.write("page.ogg", whole.substr(0, last_page)), {"without its last page"});
}

TEST(DecodeAudio, RefusesOggWithAHole) {
  const TemporaryDirectory directory;
  std::string bytes = read_file(golden("tone.ogg"));
  bytes.erase(bytes.size() / 2, 100);
  expect_refused(directory.write("hole.ogg", bytes), {"whole recording", "no Ogg page"});
}

TEST(DecodeAudio, RefusesCutWav) {
  const TemporaryDirectory directory;
  write_wav(directory / "a.wav", ramp(1000), 16000);
  const std::string whole = read_file(directory / "a.wav");
  expect_refused(directory.write("cut.wav", whole.substr(0, 1000)), {"956 of 2000 bytes"});
  expect_refused(directory.write("none.wav", whole.substr(0, 40)), {"without samples"});
  write_wav(directory / "zero.wav", torch::zeros({0}), 16000);
  expect_refused(directory / "zero.wav", {"recording"});
}

TEST(DecodeAudio, ReadsWavOfUnknownLength) {
  const TemporaryDirectory directory;
  write_wav(directory / "a.wav", ramp(1000), 16000);
  std::string bytes = read_file(directory / "a.wav");
  bytes.replace(4, 4, "\xFF\xFF\xFF\xFF");
  bytes.replace(40, 4, "\xFF\xFF\xFF\xFF");
  EXPECT_TRUE(torch::equal(audio_tensor(directory.write("b.wav", bytes)).samples, ramp(1000)));
}

TEST(WriteWav, ClampsAndRounds) {
  const TemporaryDirectory directory;
  write_wav(directory / "a.wav", torch::tensor({1.5, -1.5, 0.4 / 32768, 0.6 / 32768}), 16000);
  const Tensor expected = torch::tensor({32767, -32768, 0, 1}).to(torch::kFloat32) / 32768;
  EXPECT_TRUE(torch::equal(audio_tensor(directory / "a.wav").samples, expected));
  expect_error(ErrorKind::io, {"no/a.wav"}, [&] { write_wav(directory / "no/a.wav", torch::zeros({4}), 16000); });
}

}  // namespace
}  // namespace pdmp::data

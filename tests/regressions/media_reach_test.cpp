// A media file reaches nothing but itself: whatever it names, nothing is connected to, bound or opened for it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files/file.h"
#include "cli/program.h"
#include "cli/traced_program.h"
#include "data/clip.h"
#include "data/decode/header/media_header.h"
#include "data/encode/encode_png.h"
#include "support/media/encode_video.h"
#include "support/media/encode_wav.h"
#include "support/media/tensors.h"
#include "support/media_set.h"
#include "support/temporary_directory.h"

namespace pdmp {
namespace {

using testing::can_trace;
using ::testing::HasSubstr;
using testing::ProgramResult;
using testing::run_program;
using testing::TemporaryDirectory;
using testing::Trace;
using testing::trace_program;
using testing::write_media_set;

constexpr const char* kSecret = "secret";  // in the names of files that nobody may open

Tensor tone() { return (torch::arange(16000).to(torch::kFloat32) * 0.2F).sin() * 0.5F; }

std::string dash(const std::string& base, const std::string& file) {
  return R"(<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-main:2011" type="static" mediaPresentationDuration=")"
         R"(PT1S"><Period><AdaptationSet mimeType="audio/wav"><Representation id="a" bandwidth="1"><BaseURL>)" +
         base + R"(</BaseURL><SegmentList duration="1"><SegmentURL media=")" + file +
         R"("/></SegmentList></Representation></AdaptationSet></Period></MPD>)";
}

// Writes files that name others, each with another format's name.
std::vector<std::string> write_reaching(const TemporaryDirectory& folder, const std::string& secret) {
  const std::string playlist = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n";
  const std::string cpl =
      R"(<?xml version="1.0"?><CompositionPlaylist xmlns="http://www.smpte-ra.org/schemas/2067-3/2016"><Id>urn:uuid:1</Id>)"
      R"(<ContentTitle>x</ContentTitle></CompositionPlaylist>)";
  folder.write("dash_net.wav", dash("http://127.0.0.1:9/", "a.wav"));
  folder.write("dash_file.mp4", dash("file:" + secret, ""));
  folder.write("hls_net.mp3", playlist + "http://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n");
  folder.write("hls_file.ogg", playlist + "file:" + secret + "\n#EXT-X-ENDLIST\n");
  folder.write("concat.flac", "ffconcat version 1.0\nfile secret.wav\n");
  folder.write("sdp.wav", "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 15004 RTP/AVP 0\n");
  folder.write("imf.wav", cpl);
  folder.write("redirect.mov", "RTSPtextRTSP://127.0.0.1:9/x\r\n");
  folder.write("asx.wav", "[Reference]\r\nRef1=http://127.0.0.1:9/x\r\n");
  return {"dash_net.wav", "dash_file.mp4", "hls_net.mp3",  "hls_file.ogg", "concat.flac",
          "sdp.wav",      "imf.wav",       "redirect.mov", "asx.wav"};
}

void expect_sealed(const Trace& trace) {
  EXPECT_THAT(trace.network, ::testing::IsEmpty());
  EXPECT_THAT(trace.opened, ::testing::Each(::testing::Not(HasSubstr(kSecret))));
  EXPECT_THAT(trace.opened, ::testing::Not(::testing::IsEmpty())) << "strace saw nothing";
}

class MediaReach : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!can_trace()) GTEST_SKIP() << "strace does not work here";
    write_wav(elsewhere_ / "secret.wav", tone(), 16000);
    write_wav(folder_ / "secret.wav", tone(), 16000);  // ffconcat takes it from the working directory
  }
  std::string secret() const { return (elsewhere_ / "secret.wav").string(); }
  Trace trace(std::vector<std::string> arguments) const { return trace_program(arguments, folder_.path().string()); }

  TemporaryDirectory folder_, elsewhere_;
};

TEST_F(MediaReach, PlaylistsAndSessionsAsRecordingsAreRefusedUnopened) {
  const std::vector<std::string> cells = write_reaching(folder_, secret());
  write_media_set(folder_, R"("type": "audio", "profile": "log_mel_2s")", cells);
  const Trace check = trace({"data", "check", "--json", folder_.path().string()});
  expect_sealed(check);
  EXPECT_EQ(check.program.code, 1);
  for (const std::string& cell : cells) EXPECT_THAT(check.program.out, HasSubstr("/" + cell + "'")) << "not refused";
  EXPECT_THAT(check.program.out, HasSubstr("'dash'"));
  EXPECT_THAT(check.program.out, HasSubstr("not among the formats"));
  expect_sealed(trace({"data", "info", folder_.path().string()}));
}

TEST_F(MediaReach, PlaylistsAsVideosAreRefusedUnopened) {
  std::vector<std::string> cells;
  for (const std::string& name : write_reaching(folder_, secret())) {
    cells.push_back(name + ".mp4");
    std::filesystem::rename(folder_ / name, folder_ / cells.back());
  }
  write_media_set(folder_, R"("type": "frames", "size": 16, "frames": 2)", cells);
  const Trace check = trace({"data", "check", "--json", folder_.path().string()});
  expect_sealed(check);
  for (const std::string& cell : cells) EXPECT_THAT(check.program.out, HasSubstr("/" + cell + "'")) << "not refused";
  expect_sealed(trace({"data", "info", folder_.path().string()}));
}

TEST_F(MediaReach, TrainingAndPredictionReachNothingEither) {
  std::vector<std::string> cells = write_reaching(folder_, secret());
  for (int i = 0; i < 8; ++i) {
    cells.insert(cells.begin(), std::to_string(i) + ".wav");
    write_wav(folder_ / cells.front(), tone() * (0.1F + 0.1F * static_cast<float>(i)), 16000);
  }
  write_media_set(folder_, R"("type": "audio", "profile": "log_mel_2s")", cells);
  const std::string run = (elsewhere_ / "run").string();
  const Trace training =
      trace({"train", "--data", folder_.path().string(), "--run", run, "--epochs", "1", "--batch-size", "4",
             "--max-undecodable", "1", "--encoders", "m=resnet18:width=8", "--quiet"});
  expect_sealed(training);
  if (training.program.code == 0) {
    const Trace prediction = trace({"predict", "--run", run, "--input", "m=dash_net.wav"});
    expect_sealed(prediction);
    EXPECT_THAT(prediction.program.error, HasSubstr("not among the formats"));
  } else {
    ADD_FAILURE() << training.program.error;
  }
}

void put(std::string& bytes, size_t at, uint32_t value) {
  for (int i = 0; i < 4; ++i) bytes[at + static_cast<size_t>(i)] = static_cast<char>(value >> (24 - 8 * i));
}

uint32_t get(const std::string& bytes, size_t at) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<uint8_t>(bytes[at + i]);
  return value;
}

// A QuickTime file whose samples lie in another one: each 'url ' data reference says `target` instead of "in here".
// The boxes around it grow; moov lies behind the samples, so that no offset changes.
std::string with_reference(std::string bytes, const std::string& target) {
  const std::string text = target + std::string(1, '\0');
  for (size_t at = bytes.find("url "); at != std::string::npos; at = bytes.find("url ", at + 4)) {
    if (get(bytes, at - 4) != 12 || get(bytes, at + 4) != 1) continue;
    for (const char* box : {"moov", "trak", "mdia", "minf", "dinf", "dref"}) {
      const size_t name = bytes.rfind(box, at);
      put(bytes, name - 4, get(bytes, name - 4) + static_cast<uint32_t>(text.size()));
    }
    put(bytes, at - 4, 12 + static_cast<uint32_t>(text.size()));
    put(bytes, at + 4, 0);
    bytes.insert(at + 8, text);
  }
  return bytes;
}

TEST_F(MediaReach, DataReferencesOfQuickTimeAreNotFollowed) {
  write_video(elsewhere_ / "secret.mov", testing::numbered_clip(10));
  write_video(folder_ / "plain.mov", testing::numbered_clip(10));
  const std::string plain = read_file(folder_ / "plain.mov");
  const std::string reference = with_reference(plain, "file://" + (elsewhere_ / "secret.mov").string());
  ASSERT_GT(reference.size(), plain.size());
  folder_.write("reference.mov", reference);
  folder_.write("net.mov", with_reference(plain, "http://127.0.0.1:9/x.mov"));
  write_media_set(folder_, R"("type": "frames", "size": 16, "frames": 2)", {"plain.mov", "reference.mov", "net.mov"});
  expect_sealed(trace({"data", "check", "--json", folder_.path().string()}));
}

TEST_F(MediaReach, SeriesOfImagesAreNoContainer) {
  folder_.write("%d.wav", "no series of images");
  write_png(folder_ / "secret1.png", torch::zeros({8, 8, 3}, torch::kUInt8));
  write_media_set(folder_, R"("type": "audio", "profile": "log_mel_2s")", {"%d.wav"});
  expect_sealed(trace({"data", "check", "--json", folder_.path().string()}));
}

TEST_F(MediaReach, ReferencesInDrawingsLeadNowhere) {
  folder_.write("secret.css", "rect { fill: red }");
  write_png(folder_ / "secret.png", torch::zeros({8, 8, 3}, torch::kUInt8));
  const std::string here = "file://" + folder_.path().string();
  const std::string begin =
      R"(<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" )"
      R"(xmlns:xi="http://www.w3.org/2001/XInclude" width="300" height="300"><rect width="300" height="300" fill="blue"/>)";
  folder_.write("image.svg", begin + "<image width='300' height='300' href='" + here + "/secret.png'/></svg>");
  folder_.write("relative.svg", begin + "<image width='300' height='300' xlink:href='secret.png'/></svg>");
  folder_.write("net.svg", begin + "<image width='300' height='300' href='http://127.0.0.1:9/secret.png'/></svg>");
  folder_.write("include.svg", begin + "<xi:include parse='text' href='" + here + "/secret.css'/></svg>");
  folder_.write("style.svg", begin + "<style>@import url('" + here + "/secret.css');</style></svg>");
  folder_.write("use.svg", begin + "<use href='" + here + "/secret.svg#a'/></svg>");
  folder_.write("sheet.svg",
                "<?xml version='1.0'?><?xml-stylesheet type='text/css' href='secret.css'?>" + begin + "</svg>");
  folder_.write("entity.svg", "<?xml version='1.0'?><!DOCTYPE svg [<!ENTITY e SYSTEM '" + here + "/secret.css'>]>" +
                                  begin + "<text y='20'>&e;</text></svg>");
  folder_.write("dtd.svg",
                "<?xml version='1.0'?><!DOCTYPE svg SYSTEM 'http://127.0.0.1:9/secret.dtd'>" + begin + "</svg>");
  std::string laughs = "<?xml version='1.0'?><!DOCTYPE svg [<!ENTITY a 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'>";
  for (char c = 'b'; c < 'k'; ++c) {
    laughs += std::string("<!ENTITY ") + c + " '";
    for (int i = 0; i < 10; ++i) laughs += std::string("&") + static_cast<char>(c - 1) + ";";
    laughs += "'>";
  }
  folder_.write("laughs.svg", laughs + "]>" + begin + "<text y='20'>&j;</text></svg>");
  write_media_set(folder_, R"("type": "image", "size": 16)",
                  {"image.svg", "relative.svg", "net.svg", "include.svg", "style.svg", "use.svg", "sheet.svg",
                   "entity.svg", "dtd.svg", "laughs.svg"});
  const Trace check = trace({"data", "check", "--json", folder_.path().string()});
  expect_sealed(check);
  EXPECT_THAT(check.program.out, HasSubstr("laughs.svg'"));
  expect_sealed(trace({"data", "info", folder_.path().string()}));
}

}  // namespace
}  // namespace pdmp

// A video stands as its display matrix says, mirrored ones too, like what ffmpeg's autorotate shows.
#include <array>
#include <functional>
#include <gtest/gtest.h>

#include "base/files/file.h"
#include "data/decode/video/video.h"
#include "support/expect_error.h"
#include "support/ffmpeg.h"
#include "support/media/encode_video.h"
#include "support/media/tensors.h"
#include "support/temporary_directory.h"

namespace pdmp {
namespace {

using testing::expect_error;
using testing::run_ffmpeg;
using testing::TemporaryDirectory;

// Bright in the upper left, half as bright in the upper right: no two orientations look alike.
Tensor corner_clip() {
  Tensor frames = torch::full({3, 48, 64, 3}, 20, torch::kUInt8);
  frames.slice(1, 0, 16).slice(2, 0, 16).fill_(230);
  frames.slice(1, 0, 16).slice(2, 48, 64).fill_(120);
  return frames;
}

// The whole numbers a, b, c, d of (a b u, c d v, x y w) in the first track header.
std::string with_matrix(std::string bytes, const std::array<int, 4>& matrix) {
  constexpr size_t kMatrix = 44;  // behind the name of the box
  const size_t at = bytes.find("tkhd") + kMatrix;
  const size_t places[] = {0, 4, 12, 16};
  for (size_t i = 0; i < 4; ++i) {
    const auto value = static_cast<uint32_t>(matrix[i]) << 16;
    for (size_t byte = 0; byte < 4; ++byte) bytes[at + places[i] + byte] = static_cast<char>(value >> (24 - 8 * byte));
  }
  return bytes;
}

struct Orientation {
  const char* what;
  std::array<int, 4> matrix;
  std::function<Tensor(const Tensor&)> shown;
  int rotation;
  bool mirrored;
};

const std::vector<Orientation>& orientations() {
  static const std::vector<Orientation> all = {
      {"as stored", {1, 0, 0, 1}, [](const Tensor& x) { return x; }, 0, false},
      {"left to right", {-1, 0, 0, 1}, [](const Tensor& x) { return x.flip(1); }, 0, true},
      {"half turn", {-1, 0, 0, -1}, [](const Tensor& x) { return x.flip(0).flip(1); }, 180, false},
      {"top to bottom", {1, 0, 0, -1}, [](const Tensor& x) { return x.flip(0); }, 180, true},
      {"transposed", {0, 1, 1, 0}, [](const Tensor& x) { return x.transpose(0, 1); }, 90, true},
      {"clockwise", {0, 1, -1, 0}, [](const Tensor& x) { return x.transpose(0, 1).flip(1); }, 90, false},
      {"across", {0, -1, -1, 0}, [](const Tensor& x) { return x.transpose(0, 1).flip(0).flip(1); }, 270, true},
      {"counterclockwise", {0, -1, 1, 0}, [](const Tensor& x) { return x.transpose(0, 1).flip(0); }, 270, false},
  };
  return all;
}

TEST(VideoOrientation, AllEightMatricesOfTheTrackHeader) {
  const TemporaryDirectory folder;
  for (const char* ending : {".mp4", ".mov"}) {
    write_video(folder / (std::string("a") + ending), corner_clip());
    const std::string bytes = read_file(folder / (std::string("a") + ending));
    const Tensor stored = frame_tensors(folder / (std::string("a") + ending), {1})[0];
    for (const Orientation& orientation : orientations()) {
      SCOPED_TRACE(orientation.what);
      const auto path = folder.write(std::string("b") + ending, with_matrix(bytes, orientation.matrix));
      const data::Video video(path);
      const Tensor frame = data::tensor_of(video.frames({1})[0]);
      EXPECT_TRUE(torch::equal(frame, orientation.shown(stored)));
      EXPECT_TRUE(frame.is_contiguous());
      EXPECT_EQ(video.info().rotation, orientation.rotation);
      EXPECT_EQ(video.info().mirrored, orientation.mirrored);
      EXPECT_EQ(video.info().height, frame.size(0));
      EXPECT_EQ(video.info().width, frame.size(1));
    }
  }
}

TEST(VideoOrientation, AScaleDoesNotTurn) {
  const TemporaryDirectory folder;
  write_video(folder / "a.mp4", corner_clip());
  const std::string bytes = read_file(folder / "a.mp4");
  const Tensor stored = frame_tensors(folder / "a.mp4", {0})[0];
  EXPECT_TRUE(torch::equal(frame_tensors(folder.write("b.mp4", with_matrix(bytes, {2, 0, 0, 2})), {0})[0], stored));
  EXPECT_TRUE(torch::equal(frame_tensors(folder.write("b.mp4", with_matrix(bytes, {0, 0, 0, 0})), {0})[0], stored));
}

TEST(VideoOrientation, AnotherAngleIsRefused) {
  const TemporaryDirectory folder;
  write_video(folder / "a.mp4", corner_clip());
  const auto path = folder.write("b.mp4", with_matrix(read_file(folder / "a.mp4"), {1, 1, -1, 1}));
  expect_error(ErrorKind::data, {"b.mp4", "quarters"}, [&] { frame_tensors(path, {0}); });
}

// H.264 carries an orientation beside its frames too, which holds for those behind, whichever is asked for first.
TEST(VideoOrientation, FramesThatCarryTheirOwn) {
  const TemporaryDirectory folder;
  const std::string a = (folder / "a.mp4").string();
  write_video(a, corner_clip().repeat({4, 1, 1, 1}), {.keyframe_interval = 50});
  const auto check = [&](const std::string& options, const std::string& name, const auto& shown) {
    const std::string target = (folder / name).string();
    run_ffmpeg("-i " + a + " -c copy -bsf:v h264_metadata=display_orientation=insert:" + options + " " + target);
    for (const int64_t frame : {11, 0, 4, 7}) {
      EXPECT_TRUE(torch::equal(frame_tensors(target, {frame})[0], shown(frame_tensors(a, {frame})[0]))) << frame;
    }
  };
  check("rotate=90", "turned.mp4", [](const Tensor& x) { return x.transpose(0, 1).flip(0); });
  check("flip=horizontal", "mirrored.mkv", [](const Tensor& x) { return x.flip(1); });
}

}  // namespace
}  // namespace pdmp

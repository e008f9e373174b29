// Media files that only FFmpeg's own program writes: other containers, delays, matrices.
#pragma once

#include <cstdlib>
#include <gtest/gtest.h>
#include <string>

namespace pdmp::testing {

// Fails the test where ffmpeg does.
inline void run_ffmpeg(const std::string& arguments) {
  const std::string command = "ffmpeg -nostdin -loglevel error -y -threads 1 " + arguments;
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
}

}  // namespace pdmp::testing

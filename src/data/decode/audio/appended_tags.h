// Tags that programs put before and behind a recording's own stream.
#pragma once

#include <string>

namespace pdmp::data {

// Cuts off tags behind FLAC, Ogg, WavPack and MPEG audio (ID3v1, Lyrics3v2, APEv2, ID3v2.4 with a footer), an ID3v2 tag
// before the first three, and whatever stands behind the samples of AU. FFmpeg itself keeps to the end that other files
// note.
void remove_tags(std::string& bytes);

}  // namespace pdmp::data

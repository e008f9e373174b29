// Tags that programs put before and behind a recording's own stream.
#pragma once

#include <string>

namespace pdmp {

// Cuts off what stands behind FLAC, Ogg and MPEG audio (ID3v1, Lyrics3v2, APEv2, ID3v2.4 with a footer), and an ID3v2
// tag before FLAC or Ogg. Other files, which say where their sound ends, stay as they are.
void remove_tags(std::string& bytes);

}  // namespace pdmp

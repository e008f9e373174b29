// Whether a recording's container is whole, where a demuxer would stop early without a word.
#pragma once

#include <string>
#include <string_view>

namespace pdmp::data {

// What is missing or damaged in an Ogg (every page whole, every stream ended) or WAV (all declared samples there, RF64
// and BW64 too) file;
// "" where it is whole or another container.
std::string find_container_damage(std::string_view bytes);

}  // namespace pdmp::data

// WAV with the bytes of each number in the other order, which FFmpeg reads as if they were not.
#pragma once

#include <string>
#include <string_view>

namespace pdmp::data {

bool is_rifx(std::string_view bytes);

// Makes a RIFX file the RIFF file of the same sound: headers and, up to the end of what is there, samples. False where
// its form is not known (PCM, float, A-law, mu-law are, plain or extensible); then the bytes are of no use.
bool to_riff(std::string& bytes);

}  // namespace pdmp::data

// Any bytes as a recording: whether its container is whole, where its tags are, and whether it is big-endian WAV.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "data/decode/audio/appended_tags.h"
#include "data/decode/audio/audio_container.h"
#include "data/decode/audio/rifx.h"
#include "data/files/media_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (pdmp::data::find_container_damage(bytes).size() > 1000) std::abort();
  if (pdmp::data::describe_content(bytes).empty()) std::abort();
  std::string sound(bytes);
  pdmp::data::remove_tags(sound);
  if (sound.size() > size) std::abort();
  if (pdmp::data::is_rifx(sound) && pdmp::data::to_riff(sound) && pdmp::data::is_rifx(sound)) std::abort();
  return 0;
}

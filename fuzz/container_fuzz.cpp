// Any bytes as a recording: whether its container is whole.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "data/decode/audio_container.h"
#include "data/decode/media_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (pdmp::find_container_damage(bytes).size() > 1000) std::abort();
  if (pdmp::describe_content(bytes).empty()) std::abort();
  return 0;
}

// Any bytes as a config file: refused with an error, or entries in the order of the file whose text can be written and
// read again.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/text/toml.h"
#include "pdmp/error.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    int line = 1;
    for (const pdmp::TomlEntry& entry : pdmp::parse_toml(text, "fuzz.toml")) {
      if (entry.line < line) std::abort();
      line = entry.line;
      const auto again = pdmp::parse_toml("a = " + pdmp::toml_string(entry.text), "again.toml");
      if (again.size() != 1 || again[0].text != entry.text) std::abort();
    }
  } catch (const pdmp::Error& error) {
    if (error.kind() != pdmp::ErrorKind::data) std::abort();
    if (!std::string_view(error.what()).starts_with("fuzz.toml:")) std::abort();
  }
  return 0;
}

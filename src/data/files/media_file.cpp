#include "data/files/media_file.h"

#include <cerrno>
#include <fmt/format.h>
#include <fstream>
#include <system_error>

#include "data/files/file_reading.h"
#include "pdmp/error.h"

namespace pdmp::data {
namespace {

struct Signature {
  std::string_view start, name;
};
constexpr Signature kSignatures[] = {
    {"version https://git-lfs", "a Git LFS pointer instead of the media itself (fetch it with git lfs pull)"},
    {"\x89PNG", "a PNG picture"},
    {"\xFF\xD8\xFF", "a JPEG picture"},
    {"OggS", "an Ogg file"},
    {"RIFF", "a RIFF file (WAV, AVI or WebP)"},
    {"fLaC", "a FLAC file"},
    {"ID3", "an MP3 file"},
    {"\x93NUMPY", "a .npy file"},
    {"%PDF", "a PDF document"},
    {"PK\x03\x04", "a zip archive"},
    {"<!DOCTYPE html", "an HTML page"},
    {"<html", "an HTML page"},
};

}  // namespace

std::string read_media(const FileReading& reading, std::string_view expected) {
  const InputFile file(reading, expected);
  if (file.size() == 0) refuse_media(reading.path(), expected, "an empty file (0 bytes)");
  return file.read_all();
}

void refuse_media(const std::filesystem::path& path, std::string_view expected, std::string_view found,
                  std::string_view advice) {
  throw Error(ErrorKind::data, fmt::format("'{}': expected {}, found {}; {}", path.string(), expected, found, advice),
              {.expected = std::string(expected), .found = std::string(found), .file = path.string()});
}

void refuse_codec(const std::filesystem::path& path, std::string_view expected, std::string_view codec) {
  refuse_media(path, expected, fmt::format("codec '{}', which this build of FFmpeg cannot decode", codec),
               "replace the file, or install a full libavcodec");
}

void write_media(const std::filesystem::path& path, std::string_view bytes) {
  errno = 0;
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file) {
    throw Error(ErrorKind::io,
                fmt::format("cannot write '{}': {}", path.string(), std::generic_category().message(errno)));
  }
}

std::string_view known_content(std::string_view bytes) {
  for (const Signature& signature : kSignatures) {
    if (bytes.starts_with(signature.start)) return signature.name;
  }
  return {};
}

std::string describe_content(std::string_view bytes) {
  if (const std::string_view known = known_content(bytes); !known.empty()) return std::string(known);
  std::string text = "unknown content beginning with bytes";
  for (const char byte : bytes.substr(0, 8)) text += fmt::format(" {:02x}", static_cast<uint8_t>(byte));
  return text;
}

uint32_t little_endian(std::string_view bytes, size_t at, size_t width) {
  uint32_t value = 0;
  for (size_t i = width; i-- > 0;) value = value << 8 | static_cast<uint8_t>(bytes[at + i]);
  return value;
}

uint32_t big_endian(std::string_view bytes, size_t at, size_t width) {
  uint32_t value = 0;
  for (size_t i = 0; i < width; ++i) value = value << 8 | static_cast<uint8_t>(bytes[at + i]);
  return value;
}

}  // namespace pdmp::data

// A media file's bytes, and the wording of what is wrong with them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace pdmp::data {

class FileReading;

// All bytes. Error{data} naming the file, what it should be and what is in its place, as InputFile (file_reading.h);
// also where it is empty.
std::string read_media(const FileReading& reading, std::string_view expected);

// Error{data}: "'a.png': expected a picture, found <found>; <advice>".
[[noreturn]] void refuse_media(const std::filesystem::path& path, std::string_view expected, std::string_view found,
                               std::string_view advice = "replace the file or empty its cell");

// The same where FFmpeg has no decoder for `codec`: the file is damaged, or this FFmpeg lacks it.
[[noreturn]] void refuse_codec(const std::filesystem::path& path, std::string_view expected, std::string_view codec);

// Writes a new media file. Plain and unsynced: a data set is complete once its manifest is. Error{io} with the reason.
void write_media(const std::filesystem::path& path, std::string_view bytes);

// What bytes that are not the expected medium look like: "a Git LFS pointer ...", "an Ogg file", "bytes 00 01 02 03".
std::string describe_content(std::string_view bytes);
// The same where the first bytes tell; else "".
std::string_view known_content(std::string_view bytes);

// Unsigned integers of any width from a byte string; the caller has checked that they are there.
uint32_t little_endian(std::string_view bytes, size_t at, size_t width);
uint32_t big_endian(std::string_view bytes, size_t at, size_t width);

}  // namespace pdmp::data

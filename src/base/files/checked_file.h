// Files that pdmp writes and reads back carry the XXH3-128 digest of their content, so that accidental damage is found
// before a number comes of it. No protection against intent: whoever can write a file can write its digest too.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace pdmp {

// Size and digest of a file that another file lists.
struct FileDigest {
  uint64_t bytes = 0;
  std::string digest;
};
FileDigest file_digest_of(std::string_view content);
nlohmann::json to_json(const FileDigest& file);  // {"bytes": ..., "digest": "..."}

// Error{data}: "<path>: expected 120 bytes with digest ..., found ...; <advice>".
void check_digest(const std::filesystem::path& path, std::string_view content, const FileDigest& expected,
                  const std::string& advice);
// What the index (checkpoint.json, best.json, or <stem>.json) beside `path` says of its content; nothing is checked
// where no index lists it.
void check_listed_file(const std::filesystem::path& path, std::string_view content);

// JSON objects: field "digest" is the digest of the compact dump of the other fields. White space and the order of
// fields carry nothing.
void write_checked_json(const std::filesystem::path& path, nlohmann::json value);

// Without its digest. A file without one was written by hand and is taken as it is, unless `must_have_digest`.
// Error{data} where it is no JSON object, or its content is of another digest; `advice` ends the sentence.
nlohmann::json read_checked_json(const std::filesystem::path& path, const std::string& advice,
                                 bool must_have_digest = false);

// Texts (TOML): the last line is a comment with the digest of the lines before it.
std::string with_digest_line(std::string text);
// Nothing where the text has no such line or it holds; else what is wrong, for a message that begins with the path.
std::string digest_line_problem(std::string_view text);

}  // namespace pdmp

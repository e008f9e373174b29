// Digests inside and beside the files that pdmp reads back.
#include "base/files/checked_file.h"

#include <array>
#include <fmt/format.h>

#include "base/files/digest.h"
#include "base/files/file.h"
#include "base/text/json_fields.h"
#include "pdmp/error.h"

namespace pdmp {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDigest = "digest";
constexpr const char* kFiles = "files";
constexpr std::string_view kDigestLine = "# digest of the lines above: ";

std::string text_of(const FileDigest& file) { return fmt::format("{} bytes with digest {}", file.bytes, file.digest); }

}  // namespace

FileDigest file_digest_of(std::string_view content) { return {content.size(), digest_of(content)}; }

nlohmann::json to_json(const FileDigest& file) { return {{"bytes", file.bytes}, {kDigest, file.digest}}; }

void check_digest(const fs::path& path, std::string_view content, const FileDigest& expected,
                  const std::string& advice) {
  const FileDigest found = file_digest_of(content);
  if (found.bytes == expected.bytes && found.digest == expected.digest) return;
  throw Error(ErrorKind::data,
              fmt::format("{}: expected {}, found {}: it was damaged or changed since pdmp wrote it; {}", path.string(),
                          text_of(expected), text_of(found), advice));
}

void check_listed_file(const fs::path& path, std::string_view content) {
  const std::string name = path.filename().string();
  const std::string own = path.stem().string() + ".json";
  for (const std::string& index : {std::string("best.json"), std::string("checkpoint.json"), own}) {
    const fs::path file = path.parent_path() / index;
    if (!fs::exists(file)) continue;
    const nlohmann::json value = read_json(file);
    if (!value.is_object() || !value.contains(kFiles) || !value[kFiles].is_object()) continue;
    if (!value[kFiles].contains(name)) continue;
    const JsonFields fields(value, file, "restore it, or use other weights");
    const JsonFields entry = fields.object(kFiles).object(name);
    const FileDigest expected{entry.get<uint64_t>("bytes"), entry.get<std::string>(kDigest)};
    check_digest(path, content, expected, "restore it, or use other weights");
  }
}

void write_checked_json(const fs::path& path, nlohmann::json value) {
  try {
    value.erase(kDigest);
    value[kDigest] = digest_of(value.dump());
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorKind::data, fmt::format("cannot write '{}' as JSON: {}", path.string(), error.what()));
  }
  write_json(path, value);
}

nlohmann::json read_checked_json(const fs::path& path, const std::string& advice, bool must_have_digest) {
  nlohmann::json value = read_json(path);
  const JsonFields fields(value, path, advice);  // an object
  if (!must_have_digest && !value.contains(kDigest)) return value;
  const auto expected = fields.get<std::string>(kDigest);
  value.erase(kDigest);
  const std::string found = digest_of(value.dump());
  if (found == expected) return value;
  throw Error(ErrorKind::data, fmt::format("{}: expected content with digest {}, found {}: it was damaged or changed "
                                           "since pdmp wrote it; {}",
                                           path.string(), expected, found, advice));
}

std::string with_digest_line(std::string text) {
  const std::string digest = digest_of(text);
  return text.append(kDigestLine).append(digest).append("\n");
}

std::string digest_line_problem(std::string_view text) {
  const size_t begin = text.rfind(kDigestLine);
  if (begin == std::string_view::npos || (begin > 0 && text[begin - 1] != '\n')) return "";
  std::string_view expected = text.substr(begin + kDigestLine.size());
  if (expected.ends_with('\n')) expected.remove_suffix(1);
  const std::string found = digest_of(text.substr(0, begin));
  if (found == expected) return "";
  return fmt::format(
      "expected lines with digest {}, as its last line says, found {}: it was damaged or changed since "
      "pdmp wrote it",
      expected.substr(0, found.size()), found);
}

}  // namespace pdmp

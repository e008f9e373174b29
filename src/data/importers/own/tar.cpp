#include "data/importers/own/tar.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fmt/format.h>
#include <fstream>
#include <functional>
#include <optional>
#include <string_view>
#include <system_error>

#include "data/files/file_reading.h"
#include "data/files/media_file.h"
#include "data/importers/shared/list_file.h"
#include "pdmp/error.h"

namespace pdmp::data {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kBlock = 512;
constexpr uint64_t kLongestName = 1 << 16;
using Block = std::array<char, kBlock>;

std::string_view field(const Block& block, size_t at, size_t width) {
  const std::string_view text(block.data() + at, width);
  return text.substr(0, std::min(text.find('\0'), width));
}

// Octal digits between blanks, or GNU's binary form of large sizes.
std::optional<uint64_t> number(const Block& block, size_t at, size_t width) {
  uint64_t value = 0;
  if ((static_cast<uint8_t>(block[at]) & 0x80u) != 0) {
    if (block[at] != '\x80' || std::any_of(&block[at + 1], &block[at + width - 8], [](char c) { return c != 0; })) {
      return std::nullopt;
    }
    for (size_t i = width - 8; i < width; ++i) value = value << 8 | static_cast<uint8_t>(block[at + i]);
    return value;
  }
  std::string_view text = field(block, at, width);
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  for (const char c : text) {
    if (c < '0' || c > '7') return std::nullopt;
    value = value << 3 | static_cast<uint64_t>(c - '0');
  }
  return text.empty() ? std::nullopt : std::optional(value);
}

bool is_sound(const Block& block) {
  constexpr size_t kSum = 148, kSumWidth = 8;
  uint64_t sum = 0;
  for (size_t i = 0; i < kBlock; ++i) {
    sum += i >= kSum && i < kSum + kSumWidth ? uint64_t{' '} : uint64_t{static_cast<uint8_t>(block[i])};
  }
  return number(block, kSum, kSumWidth) == sum;
}

bool is_safe(const fs::path& name) {
  const auto part_is_safe = [](const fs::path& part) {
    const std::string text = part.string();
    const auto is_fine = [](char c) { return static_cast<unsigned char>(c) >= ' ' && c != '\\'; };
    return text != ".." && !text.empty() && std::all_of(text.begin(), text.end(), is_fine);
  };
  return !name.empty() && !name.is_absolute() && std::all_of(name.begin(), name.end(), part_is_safe);
}

class TarReader {
 public:
  explicit TarReader(const fs::path& archive) : archive_(archive) {
    std::error_code code;
    if (fs::is_regular_file(archive, code)) file_.open(archive, std::ios::binary);  // a pipe would hold who opens it
    size_ = fs::file_size(archive, code);
    if (code || !file_.is_open()) throw Error(ErrorKind::io, fmt::format("cannot read '{}'", archive.string()));
  }

  std::vector<TarMember> members() {
    check_beginning();
    std::vector<TarMember> result;
    Block block;
    while (true) {
      if (at_ + kBlock > size_) fail("the end of the archive is missing: it is cut");
      read(block.data(), kBlock);
      if (std::all_of(block.begin(), block.end(), [](char c) { return c == 0; })) return result;
      if (!is_sound(block)) fail(fmt::format("the header at byte {} is damaged", at_ - kBlock));
      add(result, block);
    }
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw Error(ErrorKind::data, fmt::format("{}: expected a whole tar archive, found that {}; download it again",
                                             archive_.string(), what));
  }

  void read(char* target, uint64_t count) {
    if (!file_.read(target, static_cast<std::streamsize>(count))) fail("it cannot be read to the end");
    at_ += count;
  }

  void check_beginning() {
    std::string start(std::min<uint64_t>(size_, 32), '\0');
    read(start.data(), start.size());
    if (start.empty()) fail("it is empty");
    if (start.starts_with("version https://git-lfs")) fail("it is " + describe_content(start));
    if (start.starts_with("\x1f\x8b")) fail("it is compressed (unpack it with gunzip first)");
    file_.seekg(0);
    at_ = 0;
  }

  void add(std::vector<TarMember>& result, const Block& block) {
    const auto size = number(block, 124, 12);
    if (!size) fail(fmt::format("the header at byte {} has no size", at_ - kBlock));
    const char type = block[156];
    const uint64_t length = type == 'x' || pax_size_ == 0 ? *size : pax_size_;
    if (length > size_ || at_ > size_ - length) fail(fmt::format("it is cut within '{}'", name_of(block)));
    if (type == 'L') {
      long_name_ = content(length);
      long_name_.resize(std::min(long_name_.find('\0'), long_name_.size()));
    } else if (type == 'x') {
      read_pax(content(length));
    } else if (type != 'g') {
      add_file(result, block, length);
    }
    at_ = at_after(length);
    file_.seekg(static_cast<std::streamoff>(at_));
  }

  // Content is padded to whole blocks; `content` has not moved the beginning.
  uint64_t at_after(uint64_t length) const { return at_ + (length + kBlock - 1) / kBlock * kBlock; }

  std::string content(uint64_t length) {
    if (length > kLongestName) fail("a name of more than 64 KiB is in it");
    std::string text(length, '\0');
    read(text.data(), length);
    at_ -= length;
    return text;
  }

  // "23 path=a/long/name\n" a record.
  void read_pax(std::string_view text) {
    while (!text.empty()) {
      const size_t space = text.find(' ');
      const auto length = whole_number(text.substr(0, space));
      if (space == std::string_view::npos || !length || static_cast<uint64_t>(*length) > text.size() ||
          static_cast<uint64_t>(*length) < space + 2) {
        fail(fmt::format("the pax header at byte {} is damaged", at_ - kBlock));
      }
      const std::string_view record = text.substr(space + 1, static_cast<size_t>(*length) - space - 2);
      if (record.starts_with("path=")) long_name_ = record.substr(5);
      if (record.starts_with("size=")) pax_size_ = static_cast<uint64_t>(whole_number(record.substr(5)).value_or(0));
      text.remove_prefix(static_cast<size_t>(*length));
    }
  }

  std::string name_of(const Block& block) const {
    if (!long_name_.empty()) return long_name_;
    const std::string name(field(block, 0, 100));
    const bool posix = field(block, 257, 6) == "ustar";  // GNU's "ustar  " has no prefix there
    const std::string prefix(posix ? field(block, 345, 155) : "");
    return prefix.empty() ? name : prefix + "/" + name;
  }

  void add_file(std::vector<TarMember>& result, const Block& block, uint64_t length) {
    std::string name = name_of(block);
    long_name_.clear();
    pax_size_ = 0;
    while (name.starts_with("./")) name.erase(0, 2);
    const char type = block[156];
    if (type == '5') return;  // folders are made where files need them
    if (type != '0' && type != '\0') fail(fmt::format("'{}' is no plain file (type '{}')", name, type));
    if (!is_safe(name)) {
      throw Error(ErrorKind::data, fmt::format("{}: expected members with plain relative names, found '{}', which is "
                                               "not unpacked; make the archive again without it",
                                               archive_.string(), name));
    }
    result.push_back({std::move(name), at_, length});
  }

  const fs::path& archive_;
  std::ifstream file_;
  uint64_t size_ = 0, at_ = 0, pax_size_ = 0;
  std::string long_name_;
};

void copy_member(const fs::path& archive, const TarMember& member, const std::function<void(std::string_view)>& take) {
  std::string block(std::min<uint64_t>(member.size, uint64_t{1} << 20), '\0');
  std::ifstream file(archive, std::ios::binary);
  file.seekg(static_cast<std::streamoff>(member.offset));
  for (uint64_t left = member.size; left > 0;) {
    const uint64_t count = std::min<uint64_t>(left, block.size());
    if (!file.read(block.data(), static_cast<std::streamsize>(count))) {
      throw Error(ErrorKind::io, fmt::format("cannot read '{}' of '{}'", member.name, archive.string()));
    }
    take(std::string_view(block).substr(0, count));
    left -= count;
  }
}

}  // namespace

std::vector<TarMember> read_tar(const fs::path& archive) { return TarReader(archive).members(); }

std::string read_tar_member(const fs::path& archive, const TarMember& member, uint64_t most) {
  if (member.size > most) {
    throw Error(ErrorKind::data, fmt::format("{}: expected '{}' to have at most {} bytes, found {}", archive.string(),
                                             member.name, most, member.size));
  }
  std::string bytes;
  copy_member(archive, member, [&](std::string_view block) { bytes += block; });
  return bytes;
}

void extract_tar_member(const fs::path& archive, const TarMember& member, const fs::path& target) {
  errno = 0;
  std::ofstream file(target, std::ios::binary | std::ios::trunc);
  copy_member(archive, member,
              [&](std::string_view block) { file.write(block.data(), static_cast<std::streamsize>(block.size())); });
  file.close();
  if (file) return;
  throw Error(ErrorKind::io,
              fmt::format("cannot write '{}': {}", target.string(), std::generic_category().message(errno)));
}

}  // namespace pdmp::data

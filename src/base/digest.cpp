// XXH3-128 of strings and files.
#include "base/digest.h"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <new>
#include <system_error>
#include <unistd.h>
#include <xxhash.h>

#include "pdmp/error.h"

namespace pdmp {
namespace {

std::string hex_of(const XXH128_hash_t& hash) { return fmt::format("{:016x}{:016x}", hash.high64, hash.low64); }

[[noreturn]] void fail(const std::filesystem::path& path, int code) {
  throw Error(ErrorKind::io, fmt::format("cannot read '{}': {}", path.string(), std::generic_category().message(code)));
}

}  // namespace

struct Digest::State {
  XXH3_state_t* xxh3 = XXH3_createState();
  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { XXH3_freeState(xxh3); }
};

Digest::Digest() : state_(std::make_unique<State>()) {
  if (state_->xxh3 == nullptr) throw std::bad_alloc();
  XXH3_128bits_reset(state_->xxh3);
}

Digest::Digest(Digest&&) noexcept = default;
Digest& Digest::operator=(Digest&&) noexcept = default;
Digest::~Digest() = default;

Digest& Digest::add(std::string_view bytes) {
  XXH3_128bits_update(state_->xxh3, bytes.data(), bytes.size());
  return *this;
}

std::string Digest::hex() const { return hex_of(XXH3_128bits_digest(state_->xxh3)); }

std::string digest_of(std::string_view bytes) { return hex_of(XXH3_128bits(bytes.data(), bytes.size())); }

std::string digest_of_file(const std::filesystem::path& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) fail(path, errno);
  Digest digest;
  std::string block(size_t{1} << 20, '\0');
  int code = 0;
  while (true) {
    const ssize_t count = read(file, block.data(), block.size());
    if (count > 0) {
      digest.add({block.data(), static_cast<size_t>(count)});
    } else if (count == 0) {
      break;
    } else if (errno != EINTR) {
      code = errno;
      break;
    }
  }
  close(file);
  if (code != 0) fail(path, code);
  return digest.hex();
}

}  // namespace pdmp

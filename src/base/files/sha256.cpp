#include "base/files/sha256.h"

#include <array>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <stdexcept>

namespace pdmp {
namespace {

// It fails without memory, or where a policy of the system forbids SHA-256.
void check(int done) {
  if (done != 1) throw std::runtime_error("libcrypto: SHA-256 failed");
}

}  // namespace

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { EVP_MD_CTX_free(context); }
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  check(EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr));
}

Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

Sha256& Sha256::add(std::string_view bytes) {
  check(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()));
  return *this;
}

std::string Sha256::hex() const {
  const State copy;  // the original goes on
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int bytes = 0;
  check(EVP_MD_CTX_copy_ex(copy.context, state_->context));
  check(EVP_DigestFinal_ex(copy.context, digest.data(), &bytes));
  std::string hex;
  for (unsigned int i = 0; i < bytes; ++i) hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

std::string sha256_of(std::string_view bytes) { return Sha256().add(bytes).hex(); }

}  // namespace pdmp

// SHA-256 (FIPS 180-4), by OpenSSL's libcrypto.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace pdmp {

// Of bytes that come in pieces. Pieces are not delimited.
class Sha256 {
 public:
  Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  ~Sha256();

  Sha256& add(std::string_view bytes);
  std::string hex() const;  // 64 hexadecimal digits of everything so far

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string sha256_of(std::string_view bytes);

}  // namespace pdmp

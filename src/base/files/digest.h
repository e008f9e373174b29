// XXH3-128 (libxxhash): tells accidental damage, at the speed of memory. No protection against intent: whoever can
// write a file can write its digest too.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace pdmp {

// Of bytes that come in pieces. Pieces are not delimited: who needs that adds their lengths.
class Digest {
 public:
  Digest();
  Digest(Digest&&) noexcept;
  Digest& operator=(Digest&&) noexcept;
  ~Digest();

  Digest& add(std::string_view bytes);
  std::string hex() const;  // 32 hexadecimal digits of everything so far, most significant first

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string digest_of(std::string_view bytes);

}  // namespace pdmp

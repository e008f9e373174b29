#include "base/files/digest.h"

#include <gtest/gtest.h>

namespace pdmp {
namespace {

// Of xxHash's specification: the empty input with seed 0. The second from `xxhsum -H2` of Debian's package xxhash.
TEST(Digest, IsXxh3With128Bits) {
  EXPECT_EQ(digest_of(""), "99aa06d3014798d86001c324468d497f");
  EXPECT_EQ(digest_of("pdmp"), "ef6fac60696f47cb22932e601dfe6318");
}

TEST(Digest, OfPiecesIsThatOfTheWhole) {
  std::string bytes;
  for (int i = 0; i < 3'000'000; ++i) bytes += static_cast<char>(i * 7 % 251);
  Digest digest;
  for (size_t at = 0; at < bytes.size(); at += 999'983) digest.add(std::string_view(bytes).substr(at, 999'983));
  EXPECT_EQ(digest.hex(), digest_of(bytes));
}

TEST(Digest, OneBitChangesIt) {
  EXPECT_NE(digest_of(std::string(1000, 'a')), digest_of(std::string(999, 'a') + "c"));
  EXPECT_NE(digest_of("a"), digest_of(std::string("a\0", 2)));
}

}  // namespace
}  // namespace pdmp

#include "data/cache/cache_entry.h"

#include <cstring>
#include <gtest/gtest.h>

#include "pdmp/torch.h"

namespace pdmp::data {
namespace {

constexpr const char* kKey = "5e8f";

TEST(Checksum, IsXxh64) {
  std::string bytes;
  for (int i = 0; i < 101; ++i) bytes += static_cast<char>(i * 7 % 256);
  EXPECT_EQ(checksum(""), 0xEF46DB3751D8E999u);
  EXPECT_EQ(checksum("abc"), 0x44BC2CF5AD770999u);
  EXPECT_EQ(checksum(bytes), 0x42312F4D55D9BD17u);
  EXPECT_EQ(checksum(bytes, 42), 0x1880CB2D51154FD8u);
}

TEST(CacheEntry, ComesBackInPlace) {
  const Tensor values = torch::arange(60).remainder(7).reshape({3, 4, 5});
  for (const auto type : {torch::kUInt8, torch::kInt64, torch::kFloat32, torch::kFloat64}) {
    const std::string bytes = encode_entry(kKey, values.to(type));
    const Tensor view = view_entry(kKey, bytes);
    ASSERT_TRUE(view.defined()) << type;
    EXPECT_EQ(view.scalar_type(), type);
    EXPECT_TRUE(torch::equal(view, values.to(type)));
    EXPECT_EQ(view.const_data_ptr(), bytes.data() + 64);
  }
  EXPECT_TRUE(torch::equal(view_entry(kKey, encode_entry(kKey, values.transpose(0, 2))), values.transpose(0, 2)));
  EXPECT_EQ(view_entry(kKey, encode_entry(kKey, torch::empty({0, 3}))).sizes(), (std::vector<int64_t>{0, 3}));
  EXPECT_THROW(encode_entry(kKey, torch::ones({2}, torch::kBool)), std::logic_error);
}

TEST(CacheEntry, IsCopiedWhereItLiesAskew) {
  const Tensor values = torch::rand({9});
  std::string bytes = "x" + encode_entry(kKey, values);
  EXPECT_TRUE(torch::equal(view_entry(kKey, std::string_view(bytes).substr(1)), values));
}

TEST(CacheEntry, EveryDamagedByteIsFound) {
  const std::string whole = encode_entry(kKey, torch::rand({3, 5}));
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string bytes = whole;
    bytes[at] = static_cast<char>(bytes[at] ^ 4);
    EXPECT_FALSE(view_entry(kKey, bytes).defined()) << at;
  }
  for (size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(view_entry(kKey, whole.substr(0, size)).defined()) << size;
  EXPECT_FALSE(view_entry(kKey, whole + "x").defined());
  EXPECT_TRUE(view_entry(kKey, whole).defined());
  EXPECT_FALSE(view_entry("5e8e", whole).defined());  // another one's entry
}

}  // namespace
}  // namespace pdmp::data

// Walks the trees of an LMDB file with pread before LMDB maps them.
#include "data/cache/lmdb_structure.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <optional>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace pdmp::data {
namespace {

constexpr uint32_t kMagic = 0xBEEFC0DE, kVersion = 1;
constexpr uint16_t kBranch = 0x01, kLeaf = 0x02, kOverflow = 0x04, kMeta = 0x08;  // of a page
constexpr uint16_t kBigData = 0x01, kSubTree = 0x02;                              // of a node
constexpr uint16_t kIntegerKeys = 0x08;                                           // of a tree
constexpr uint64_t kNoRoot = ~uint64_t{0}, kMetas = 2;
constexpr int kDeepest = 32;  // CURSOR_STACK
constexpr size_t kSmallestPage = 512, kLargestPage = 32768;

struct PageHeader {
  uint64_t number = 0;
  uint16_t pad = 0, flags = 0;
  uint16_t lower = 0, upper = 0;  // of an overflow page together the number of its pages
};
struct NodeHeader {
  uint16_t low = 0, high = 0, flags = 0, key_bytes = 0;
};
struct Tree {
  uint32_t pad = 0;
  uint16_t flags = 0, depth = 0;
  uint64_t branches = 0, leaves = 0, overflows = 0, entries = 0, root = 0;
};
struct Meta {
  uint32_t magic = 0, version = 0;
  uint64_t address = 0, map_bytes = 0;
  Tree free, main;
  uint64_t last_page = 0, transaction = 0;
};
static_assert(sizeof(PageHeader) == 16 && sizeof(NodeHeader) == 8 && sizeof(Tree) == 48 && sizeof(Meta) == 136);

template <class Record>
Record record_at(const char* bytes) {
  Record record;
  std::memcpy(&record, bytes, sizeof(record));
  return record;
}

uint32_t overflow_pages(const PageHeader& header) {
  return static_cast<uint32_t>(header.lower) | static_cast<uint32_t>(header.upper) << 16;
}

uint64_t pages_of_value(uint64_t bytes, size_t page_bytes) { return (sizeof(PageHeader) - 1 + bytes) / page_bytes + 1; }

// me_nodemax: what does not fit into half a page has pages of its own.
size_t largest_node(size_t page_bytes) { return (((page_bytes - sizeof(PageHeader)) / 2) & ~size_t{1}) - 2; }

void read_exactly(int file, char* into, size_t bytes, uint64_t at) {
  while (bytes > 0) {
    const ssize_t count = pread(file, into, bytes, static_cast<off_t>(at));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw LmdbDamage(fmt::format("byte {}: {}", at, std::generic_category().message(errno)));
    if (count == 0) throw LmdbDamage(fmt::format("it ends at byte {}", at));
    into += count, at += static_cast<uint64_t>(count), bytes -= static_cast<size_t>(count);
  }
}

uint64_t bytes_of(int file) {
  struct stat status = {};
  if (fstat(file, &status) != 0) throw LmdbDamage(std::generic_category().message(errno));
  return static_cast<uint64_t>(status.st_size);
}

Meta read_meta(int file, uint64_t at, const char* which) {
  std::array<char, sizeof(PageHeader) + sizeof(Meta)> bytes;
  read_exactly(file, bytes.data(), bytes.size(), at);
  const auto header = record_at<PageHeader>(bytes.data());
  const auto meta = record_at<Meta>(bytes.data() + sizeof(PageHeader));
  const auto require = [&](bool holds, const char* what) {
    if (!holds) throw LmdbDamage(fmt::format("{} meta page: {}", which, what));
  };
  require(meta.magic == kMagic, "expected the mark of LMDB, found another");
  require(meta.version == kVersion, "expected data version 1, found another");
  require(header.flags == kMeta, "its flags are not those of a meta page");
  const size_t page = meta.free.pad;
  require(page >= kSmallestPage && page <= kLargestPage && (page & (page - 1)) == 0, "impossible page size");
  require(meta.free.flags == kIntegerKeys, "impossible flags");
  constexpr uint64_t kAnyTransaction = uint64_t{1} << 56;
  require(meta.transaction < kAnyTransaction, "impossible transaction number");
  require(meta.last_page >= kMetas - 1, "impossible last page");
  return meta;
}

std::array<Meta, kMetas> read_metas(int file) {
  const Meta first = read_meta(file, 0, "first");
  const Meta second = read_meta(file, first.free.pad, "second");
  if (first.free.pad != second.free.pad) throw LmdbDamage("its meta pages tell different page sizes");
  // Pages that were freed before they were written may lie behind the end; there are few of them.
  constexpr uint64_t kUnwritten = uint64_t{1} << 30;
  for (const Meta& meta : {first, second}) {
    const uint64_t most = (bytes_of(file) + kUnwritten) / first.free.pad;
    if (meta.last_page <= most) continue;
    throw LmdbDamage(fmt::format("expected {} pages, found {} bytes", meta.last_page + 1, bytes_of(file)));
  }
  return {first, second};
}

class Walk {
 public:
  Walk(int file, const Meta& meta, std::span<const char* const> names)
      : file_(file),
        names_(names),
        page_bytes_(meta.free.pad),
        last_(meta.last_page),
        held_(bytes_of(file) / page_bytes_) {
    used_.resize(last_ + 1);
    for (uint64_t page = 0; page < kMetas; ++page) used_[page] = true;
  }

  void trees(const Meta& meta) {
    walk(meta.main, Kind::main);
    if (meta.main.flags != 0) throw LmdbDamage(fmt::format("its main tree has flags {:#x}", meta.main.flags));
    for (size_t i = 0; i < tables_.size(); ++i) walk(tables_[i], Kind::table);
    walk(meta.free, Kind::free);
  }

 private:
  enum class Kind { free, main, table };
  struct Node {
    size_t at = 0, bytes = 0;  // in the page, of all of it
    NodeHeader header;
    std::string_view key;
    const char* value = nullptr;  // of a leaf
    uint64_t number() const { return header.low | static_cast<uint64_t>(header.high) << 16; }
  };
  // Keys of a page lie in [from, below).
  struct Bounds {
    std::optional<std::string> from, below;
  };
  struct Page {
    uint64_t number = 0;
    PageHeader header;
    std::vector<char> bytes;
    std::vector<Node> nodes;
  };

  template <class... Parts>
  [[noreturn]] void refuse(uint64_t page, fmt::format_string<Parts...> text, Parts&&... parts) const {
    throw LmdbDamage(
        fmt::format("page {} of {}: {}", page, last_ + 1, fmt::format(text, std::forward<Parts>(parts)...)));
  }

  void claim(uint64_t page, uint64_t count) {
    if (page > last_ || count > last_ + 1 - page) refuse(page, "expected {} pages of the file from here", count);
    if (page >= held_ || count > held_ - page) refuse(page, "the file ends before it");
    claim_free(page, count);
  }

  // Free pages may lie behind the end of the file.
  void claim_free(uint64_t page, uint64_t count) {
    for (uint64_t p = page; p < page + count; ++p) {
      if (used_[p]) refuse(p, "is used twice");
      used_[p] = true;
    }
  }

  void walk(const Tree& tree, Kind kind) {
    kind_ = kind;
    entries_ = 0;
    if (tree.root != kNoRoot) {
      if (tree.depth == 0 || tree.depth > kDeepest)
        refuse(tree.root, "expected a depth of 1 to 32, found {}", tree.depth);
      visit(tree.root, tree.depth, {});
    }
    if (entries_ != tree.entries) throw LmdbDamage(fmt::format("expected {} keys, found {}", tree.entries, entries_));
  }

  void visit(uint64_t number, int depth, const Bounds& bounds) {
    claim(number, 1);
    Page page = read(number, depth == 1 ? kLeaf : kBranch);
    check_order(page, bounds);
    if (depth == 1) {
      if (kind_ == Kind::main) check_names(page);
      for (const Node& node : page.nodes) check_value(page, node);
      entries_ += page.nodes.size();
      return;
    }
    for (size_t i = 0; i < page.nodes.size(); ++i) {
      const Node& node = page.nodes[i];
      Bounds inner = bounds;
      if (i > 0) inner.from = std::string(node.key);
      if (i + 1 < page.nodes.size()) inner.below = std::string(page.nodes[i + 1].key);
      visit(node.number() | static_cast<uint64_t>(node.header.flags) << 32, depth - 1, inner);
    }
  }

  Page read(uint64_t number, uint16_t kind) const {
    Page page{number, {}, std::vector<char>(page_bytes_), {}};
    read_exactly(file_, page.bytes.data(), page_bytes_, number * page_bytes_);
    page.header = record_at<PageHeader>(page.bytes.data());
    const PageHeader& header = page.header;
    if (header.number != number) refuse(number, "says that it is page {}", header.number);
    if (header.flags != kind) {
      refuse(number, "expected a {} page, found flags {:#x}", kind == kLeaf ? "leaf" : "branch", header.flags);
    }
    if (header.lower < sizeof(PageHeader) || header.lower % 2 != 0 || header.lower > header.upper ||
        header.upper > page_bytes_) {
      refuse(number, "its bounds are impossible");
    }
    const size_t count = (header.lower - sizeof(PageHeader)) / 2;
    // LMDB asserts two nodes of a branch; the free list's may have one.
    if (count < (kind == kBranch && kind_ != Kind::free ? 2u : 1u)) refuse(number, "has too few nodes");
    for (size_t i = 0; i < count; ++i) page.nodes.push_back(node_at(page, i));
    check_packed(page);
    return page;
  }

  Node node_at(const Page& page, size_t index) const {
    const char* bytes = page.bytes.data();
    Node node;
    node.at = record_at<uint16_t>(bytes + sizeof(PageHeader) + 2 * index);
    if (node.at < page.header.upper || node.at % 2 != 0 || node.at + sizeof(NodeHeader) > page_bytes_) {
      refuse(page.number, "node {} lies outside", index);
    }
    node.header = record_at<NodeHeader>(bytes + node.at);
    const NodeHeader& header = node.header;
    size_t size = sizeof(NodeHeader) + header.key_bytes;
    const size_t value = node.at + size;
    if (page.header.flags == kLeaf) size += (header.flags & kBigData) != 0 ? sizeof(uint64_t) : node.number();
    node.bytes = (size + 1) & ~size_t{1};
    if (node.bytes > page_bytes_ - node.at) refuse(page.number, "node {} reaches past its end", index);
    node.key = {bytes + node.at + sizeof(NodeHeader), header.key_bytes};
    node.value = bytes + value;
    return node;
  }

  // Nodes lie side by side up to the end of the page; LMDB moves them by their sizes.
  void check_packed(const Page& page) const {
    std::vector<std::pair<size_t, size_t>> places;
    for (const Node& node : page.nodes) places.emplace_back(node.at, node.bytes);
    std::sort(places.begin(), places.end());
    size_t at = page.header.upper;
    for (const auto& [begin, bytes] : places) {
      if (begin != at) refuse(page.number, "its nodes overlap or leave a gap");
      at += bytes;
    }
    if (at != page_bytes_) refuse(page.number, "its nodes do not fill it");
  }

  void check_names(const Page& page) const {
    const auto ours = [&](const Node& node) {
      return std::find(names_.begin(), names_.end(), node.key) != names_.end();
    };
    if (std::none_of(page.nodes.begin(), page.nodes.end(), ours)) {
      throw LmdbForeign("data.mdb is an LMDB file that something else made");
    }
  }

  int compare(std::string_view a, std::string_view b) const {
    if (kind_ != Kind::free) return a.compare(b);
    const auto left = record_at<uint64_t>(a.data()), right = record_at<uint64_t>(b.data());
    return left < right ? -1 : left > right;
  }

  void check_order(const Page& page, const Bounds& bounds) const {
    // The first key of a branch stands for everything below the second and is never looked at.
    const size_t first = page.header.flags == kBranch ? 1 : 0;
    for (size_t i = first; i < page.nodes.size(); ++i) {
      const std::string_view key = page.nodes[i].key;
      if (key.empty() || (kind_ == Kind::free && key.size() != sizeof(uint64_t))) {
        refuse(page.number, "key {} has {} bytes", i, key.size());
      }
      const bool ascends = i == first || compare(page.nodes[i - 1].key, key) < 0;
      const bool within =
          (!bounds.from || compare(*bounds.from, key) <= 0) && (!bounds.below || compare(key, *bounds.below) < 0);
      if (!ascends || !within) refuse(page.number, "key {} is out of order", i);
    }
  }

  void check_value(const Page& page, const Node& node) {
    if (node.header.flags != (kind_ == Kind::main ? kSubTree : node.header.flags & kBigData)) {
      refuse(page.number, "a node has flags {:#x}", node.header.flags);
    }
    if (kind_ == Kind::main) {
      if (node.number() != sizeof(Tree)) refuse(page.number, "expected a table of 48 bytes, found {}", node.number());
      tables_.push_back(record_at<Tree>(node.value));
      if (tables_.back().flags != 0) refuse(page.number, "a table has flags {:#x}", tables_.back().flags);
    }
    std::vector<char> list;
    const bool big = (node.header.flags & kBigData) != 0;
    // A list of free pages that became shorter stays outside.
    const bool large = sizeof(NodeHeader) + node.key.size() + node.number() > largest_node(page_bytes_);
    if (big != large && !(big && kind_ == Kind::free)) {
      refuse(page.number, "a value of {} bytes lies in the wrong place", node.number());
    }
    if (big) claim_value(page, node, list);
    if (kind_ == Kind::free) check_free_list(page.number, big ? list.data() : node.value, node.number());
  }

  // Of the free list LMDB frees the pages itself, by their header, which is looked at here and not elsewhere: it costs
  // a read for every value.
  void claim_value(const Page& page, const Node& node, std::vector<char>& list) {
    const auto first = record_at<uint64_t>(node.value);
    const uint64_t count = pages_of_value(node.number(), page_bytes_);
    if (first < kMetas) refuse(page.number, "a value lies in a meta page");
    if (kind_ != Kind::free) return claim(first, count);
    claim(first, count);
    list.resize(sizeof(PageHeader) + node.number());
    read_exactly(file_, list.data(), list.size(), first * page_bytes_);
    const auto header = record_at<PageHeader>(list.data());
    const uint64_t pages = overflow_pages(header);
    if (header.number != first || header.flags != kOverflow || pages < count || pages > last_ + 1 - first) {
      refuse(first, "its header is damaged");
    }
    claim_free(first + count, pages - count);  // a list that became shorter keeps its pages
    list.erase(list.begin(), list.begin() + sizeof(PageHeader));
  }

  // A count, then page numbers in descending order.
  void check_free_list(uint64_t page, const char* bytes, uint64_t size) {
    const uint64_t count = size >= sizeof(uint64_t) ? record_at<uint64_t>(bytes) : size;
    if (size % sizeof(uint64_t) != 0 || size == 0 || count > size / sizeof(uint64_t) - 1) {
      refuse(page, "a list of free pages has an impossible length");
    }
    uint64_t before = last_ + 1;
    for (uint64_t i = 1; i <= count; ++i) {
      const auto number = record_at<uint64_t>(bytes + i * sizeof(uint64_t));
      if (number < kMetas || number >= before) refuse(page, "a list of free pages is out of order");
      claim_free(number, 1);
      before = number;
    }
  }

  const int file_;
  const std::span<const char* const> names_;
  const size_t page_bytes_;
  const uint64_t last_, held_;  // last page; pages that the file has
  std::vector<bool> used_;
  std::vector<Tree> tables_;
  Kind kind_ = Kind::main;
  uint64_t entries_ = 0;
};

}  // namespace

void check_lmdb_meta(int file) {
  if (bytes_of(file) > 0) read_metas(file);
}

void check_lmdb_trees(int file, uint64_t transaction, std::span<const char* const> tables) {
  for (const Meta& meta : read_metas(file)) {
    if (meta.transaction != transaction) continue;
    Walk(file, meta, tables).trees(meta);
    return;
  }
  throw LmdbDamage(fmt::format("no meta page of transaction {}", transaction));
}

bool can_free_lmdb_value(std::string_view map, size_t page_bytes, size_t key_bytes, std::string_view value) {
  if (sizeof(NodeHeader) + key_bytes + value.size() <= largest_node(page_bytes)) return true;
  const auto header = record_at<PageHeader>(value.data() - sizeof(PageHeader));
  // One that this transaction wrote is still in memory of its own, where nothing damages it.
  const auto at = reinterpret_cast<uintptr_t>(value.data()) - reinterpret_cast<uintptr_t>(map.data());
  if (at >= map.size()) return true;
  return header.flags == kOverflow && overflow_pages(header) == pages_of_value(value.size(), page_bytes) &&
         header.number == at / page_bytes && at % page_bytes == sizeof(PageHeader);
}

const char* lmdb_map_of(std::string_view small_value, size_t page_bytes) {
  const auto address = reinterpret_cast<uintptr_t>(small_value.data());
  const char* page = small_value.data() - address % page_bytes;
  return page - record_at<uint64_t>(page) * page_bytes;
}

}  // namespace pdmp::data

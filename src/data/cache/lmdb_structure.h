// Whether the trees of an LMDB file are whole. LMDB maps its file and follows whatever page numbers, offsets and sizes
// it finds there, so one flipped bit or a file cut short ends the process. Everything it would follow is read here
// first, with pread, which can fail.
//
// The layout is that of data version 1 (LMDB 0.9): pages, nodes and meta pages as in the structs MDB_page, MDB_node,
// MDB_db and MDB_meta of liblmdb/mdb.c.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace pdmp::data {

// One clause that names the page: "page 12 of 300: expected a leaf or branch page, found flags 0x42".
class LmdbDamage : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// A whole LMDB file, but none of ours: nothing to set aside.
class LmdbForeign : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Both meta pages of the open file, which is all that opening an environment reads. An empty file is one that LMDB is
// about to fill. LmdbDamage where it must not be opened.
void check_lmdb_meta(int file);

// Every page that the snapshot `transaction` (mdb_txn_id) reaches: headers, nodes, order of the keys, bounds of the
// values, the list of free pages, and that no page is used twice. Not the bytes of the values. The snapshot must
// be held, so that its pages stay. LmdbDamage; LmdbForeign where the main tree has keys, but no name of `tables`.
void check_lmdb_trees(int file, uint64_t transaction, std::span<const char* const> tables);

// Whether a value can be freed. LMDB trusts the header in front of one that has pages of its own, which the walk does
// not read. `map`: all of the file in memory.
bool can_free_lmdb_value(std::string_view map, size_t page_bytes, size_t key_bytes, std::string_view value);

// Where the map begins, told from a small value in it, whose page knows its number.
const char* lmdb_map_of(std::string_view small_value, size_t page_bytes);

}  // namespace pdmp::data

// metadata.jsonl: one JSON object per line.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "data/tables/metadata_table.h"

namespace pdmp::data {

// Columns are all keys, in the order of first appearance; a missing key or null is an empty cell. Numbers and booleans
// become text; a list of numbers is joined by ',', a list of texts (files) by ';' (file_list.h). Error{data} with file
// and line; `line` is the number of the first one.
MetadataTable parse_jsonl(std::string_view text, const std::filesystem::path& file, int64_t line = 1);
MetadataTable read_jsonl(const std::filesystem::path& file);
MetadataTable read_jsonl(const std::filesystem::path& file, const ReadBlocks& read);

// Of a text, number or boolean that is a member of a JSON object; "" where there is none.
std::string text_of_member(std::string_view record, const std::string& key);

}  // namespace pdmp::data

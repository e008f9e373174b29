// Finds the cells of each modality in a table that was not written for a manifest.
#include "data/manifest/unlabeled_rows.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <set>

#include "data/manifest/path_template.h"
#include "pdmp/error.h"

namespace pdmp::data {
namespace {

// What a modality may call its column, the entry's own name first.
std::vector<std::string> column_names(const ModalityEntry& entry) {
  std::vector<std::string> names;
  if (!entry.column.empty()) names.push_back(entry.column);
  names.push_back(entry.name + "_file_name");
  names.push_back(entry.name);
  return names;
}

std::vector<std::string> names_in_template(const std::string& path) {
  std::vector<std::string> names;
  expand_template(path, [&](const std::string& name) {
    names.push_back(name);
    return std::string("0");
  });
  return names;
}

// How one table serves a modality: the entry as RowReader wants it, and the columns it reads.
struct Service {
  ModalityEntry entry;
  std::vector<std::string> columns;
};

class Server {
 public:
  Server(const MetadataTable& table, const ColumnNames& names, bool of_data_set)
      : table_(table), names_(names), of_data_set_(of_data_set) {}

  // Nothing where the table has no cells of it.
  std::optional<Service> serve(const ModalityEntry& entry) const {
    if (!entry.columns.empty() && has_numbers(entry)) return Service{without_place(entry), entry.columns};
    for (const std::string& name : column_names(entry)) {
      if (table_.find(name)) return by_column(entry, name);
    }
    const bool named = !entry.column.empty() || !entry.columns.empty() || !entry.path.empty();
    const bool by_id = !named && !(entry.root.empty() && entry.ext.empty());
    const std::string path = by_id ? "{id}" : entry.path;
    return path.empty() ? std::nullopt : by_template(entry, path);
  }

 private:
  // All numbers of a vector, or none.
  bool has_numbers(const ModalityEntry& entry) const {
    std::vector<std::string> missing;
    for (const std::string& column : entry.columns) {
      if (!table_.find(column)) missing.push_back(column);
    }
    if (missing.empty() || missing.size() == entry.columns.size()) return missing.empty();
    throw Error(ErrorKind::data,
                fmt::format("{}: modality '{}': expected the columns {}, found no {}; add what is missing, or "
                            "give all numbers in one column '{}'",
                            table_.file.string(), entry.name, fmt::join(entry.columns, ", "), fmt::join(missing, ", "),
                            entry.name));
  }

  ModalityEntry without_place(ModalityEntry entry) const {
    if (!of_data_set_) entry.root.clear();
    return entry;
  }

  Service by_column(const ModalityEntry& entry, const std::string& name) const {
    Service service{without_place(entry), {name}};
    service.entry.column = name;
    service.entry.columns.clear();
    service.entry.path.clear();
    if (!of_data_set_) service.entry.ext.clear();
    return service;
  }

  std::optional<Service> by_template(const ModalityEntry& entry, const std::string& path) const {
    Service service{without_place(entry), {}};
    service.entry.path = path;
    service.entry.column.clear();
    for (const std::string& name : names_in_template(path)) {
      const bool own = table_.find(name) || table_.find(names_.of(name));
      // Without a column of ids their numbers would be no names of files.
      if (!own && !(of_data_set_ && name == "id") && !(name == "split" && !table_.split.empty())) return std::nullopt;
      service.columns.push_back(name);
    }
    return service;
  }

  const MetadataTable& table_;
  const ColumnNames& names_;
  bool of_data_set_;
};

}  // namespace

UnlabeledColumns::UnlabeledColumns(MetadataTable table, const std::vector<ModalityEntry>& entries, ColumnNames names,
                                   bool of_data_set)
    : table_(std::move(table)), names_(std::move(names)), modalities_(entries.size()) {
  std::set<std::string> used = {""};  // a column without a name cannot be asked for
  for (const std::string& key : ColumnNames::keys()) used.insert(names_.of(key));
  const Server server(table_, names_, of_data_set);
  for (size_t m = 0; m < entries.size(); ++m) {
    std::optional<Service> service = server.serve(entries[m]);
    if (!service) {
      without_.push_back(m);
      continue;
    }
    used.insert(service->columns.begin(), service->columns.end());
    served_.push_back(std::move(service->entry));
    positions_.push_back(m);
  }
  if (served_.empty()) {
    std::vector<std::string> wanted;
    for (const ModalityEntry& entry : entries) wanted.push_back(entry.name);
    throw Error(ErrorKind::data,
                fmt::format("{}: expected a column for each modality ({}), found none of them among {}",
                            table_.file.string(), fmt::join(wanted, ", "), fmt::join(table_.columns, ", ")));
  }
  std::copy_if(table_.columns.begin(), table_.columns.end(), std::back_inserter(unused_),
               [&](const std::string& column) { return !used.contains(column); });
  reader_ = std::make_unique<RowReader>(table_, served_, names_, Labels::ignored);
}

UnlabeledRow UnlabeledColumns::read(const MetadataTable::Row& row, int64_t number) const {
  UnlabeledRow result;
  result.place = fmt::format("{}:{}", table_.file.string(), row.line);
  const auto id = table_.find(names_.of("id"));
  result.id = id && !row.fields[*id].empty() ? row.fields[*id] : std::to_string(number);
  try {
    ManifestRow found = reader_->read(row, number);
    result.cells.resize(modalities_);
    for (size_t k = 0; k < positions_.size(); ++k) result.cells[positions_[k]] = std::move(found.cells[k]);
    result.start = found.start;
    result.end = found.end;
    result.split = found.split;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
    result.problem = error.what();
  }
  return result;
}

}  // namespace pdmp::data

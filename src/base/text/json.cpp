#include "base/text/json.h"

#include <fmt/format.h>

namespace pdmp {
namespace {

using Json = nlohmann::json;

// nlohmann's own builder has no limits, and a callback of its parser is asked after the memory is taken.
class Builder : public nlohmann::json_sax<Json> {
 public:
  explicit Builder(int64_t most_values) : values_left_(most_values) {}

  Json take() { return std::move(root_); }
  std::vector<std::string> take_keys() { return std::move(keys_); }  // of the outermost object, in order

  bool null() override { return place(nullptr) != nullptr; }
  bool boolean(bool value) override { return place(value) != nullptr; }
  bool number_integer(int64_t value) override { return place(value) != nullptr; }
  bool number_unsigned(uint64_t value) override { return place(value) != nullptr; }
  bool number_float(double value, const std::string&) override { return place(value) != nullptr; }
  bool string(std::string& value) override { return place(std::move(value)) != nullptr; }
  bool binary(Json::binary_t&) override { return false; }  // of other formats
  bool start_object(size_t) override { return open(Json::object()); }
  bool start_array(size_t) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(std::string& name) override {
    const auto [member, fresh] = open_.back()->get_ref<Json::object_t&>().emplace(name, nullptr);
    if (!fresh) throw JsonFault(fmt::format("the key '{}' is there twice", name), 0);
    if (open_.size() == 1) keys_.push_back(name);
    member_ = &member->second;
    return true;
  }

  bool parse_error(size_t position, const std::string&, const nlohmann::detail::exception& error) override {
    const std::string what = error.what();
    const size_t reason = what.find("] ");  // "[json.exception.parse_error.101] parse error at line 1, column 2: ..."
    const size_t place = what.find(": ");
    const bool placed = dynamic_cast<const Json::parse_error*>(&error) != nullptr;
    if (placed && place != std::string::npos) throw JsonFault(what.substr(place + 2), position);
    throw JsonFault(reason == std::string::npos ? what : what.substr(reason + 2), 0);
  }

 private:
  Json* place(Json value) {
    if (--values_left_ < 0) throw JsonFault("more values than a file of this kind may have", 0);
    if (open_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    if (open_.back()->is_object()) {
      *member_ = std::move(value);
      return member_;
    }
    auto& items = open_.back()->get_ref<Json::array_t&>();
    return &items.emplace_back(std::move(value));
  }

  bool open(Json value) {
    if (open_.size() == kJsonDepth) {
      throw JsonFault(fmt::format("lists or objects nested more than {} deep", kJsonDepth), 0);
    }
    open_.push_back(place(std::move(value)));
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  Json root_;
  std::vector<Json*> open_;  // lists and objects that have not ended, outermost first
  Json* member_ = nullptr;   // of the innermost object: what the last key stands for
  std::vector<std::string> keys_;
  int64_t values_left_;
};

void build(Builder& builder, std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.bytes) throw JsonFault(fmt::format("more than {} MiB", limits.bytes >> 20), 0);
  Json::sax_parse(text, &builder);
}

}  // namespace

nlohmann::json parse_json(std::string_view text, const JsonLimits& limits) {
  Builder builder(limits.values);
  build(builder, text, limits);
  return builder.take();
}

JsonMembers parse_json_object(std::string_view text, const JsonLimits& limits) {
  Builder builder(limits.values);
  build(builder, text, limits);
  Json object = builder.take();
  if (!object.is_object()) throw JsonFault(object.type_name(), 0);
  JsonMembers members;
  for (std::string& key : builder.take_keys()) {
    Json value = std::move(object.find(key).value());
    members.emplace_back(std::move(key), std::move(value));
  }
  return members;
}

std::string json_text(const Json& value) { return value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"; }

}  // namespace pdmp

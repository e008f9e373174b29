#include "cli/plugins.h"

#include <dlfcn.h>
#include <filesystem>
#include <fmt/format.h>

#include "pdmp/error.h"
#include "pdmp/version.h"

namespace pdmp::cli {
namespace {

const std::string kFlag = "--plugin";

std::vector<std::string>& loaded() {
  static std::vector<std::string> files;
  return files;
}

[[noreturn]] void refuse(const std::string& file, const std::string& found) {
  throw Error(ErrorKind::usage, fmt::format("{} {}: expected a library for pdmp {} (pdmp/plugin.h), found {}", kFlag,
                                            file, version(), found));
}

void load_plugin(const std::string& file) {
  const std::string path = std::filesystem::absolute(file).string();  // or the system's folders would be searched
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) refuse(file, dlerror());
  const auto version_of = reinterpret_cast<const char* (*)()>(dlsym(library, "pdmp_plugin_version"));
  const auto register_all = reinterpret_cast<void (*)()>(dlsym(library, "pdmp_plugin_register"));
  if (version_of == nullptr || register_all == nullptr) refuse(file, "one without PDMP_PLUGIN");
  if (std::string(version_of()) != version()) refuse(file, fmt::format("one for pdmp {}", version_of()));
  register_all();
  loaded().push_back(path);
}

}  // namespace

void load_plugins(std::vector<std::string>& args) {
  std::vector<std::string> rest;
  for (size_t i = 0; i < args.size(); ++i) {
    if (args[i] == kFlag) {
      if (i + 1 == args.size()) throw Error(ErrorKind::usage, kFlag + ": expected a file after it, found nothing");
      load_plugin(args[++i]);
    } else if (args[i].starts_with(kFlag + "=")) {
      load_plugin(args[i].substr(kFlag.size() + 1));
    } else {
      rest.push_back(args[i]);
    }
  }
  args = std::move(rest);
}

std::vector<std::string> plugin_arguments() {
  std::vector<std::string> arguments;
  for (const std::string& file : loaded()) arguments.insert(arguments.end(), {kFlag, file});
  return arguments;
}

}  // namespace pdmp::cli

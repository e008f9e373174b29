// Plugins: libraries with methods, encoders, fusions, metrics and importers that the program loads, as in `pdmp train
// --plugin libmine.so`. What a plugin registers is used like pdmp's own: by name, with flags, help, resume and compare.
//
//   PDMP_PLUGIN {
//     pdmp::register_method({.name = MyOptions::kMethod, .summary = "...", .source = "...",
//                            .make_options = pdmp::make_options<MyOptions>});
//   }
//
// Build it as a module that links pdmp::plugin of the package: headers only, as the program contains the library.
#pragma once

#include "pdmp/version.h"

// Begins the function of a plugin that the program calls once, before anything else of pdmp. Use it once in a library,
// with a body in braces. The program refuses plugins built for another PDMP_VERSION.
#define PDMP_PLUGIN                                                     \
  extern "C" const char* pdmp_plugin_version() { return PDMP_VERSION; } \
  extern "C" void pdmp_plugin_register();                               \
  extern "C" void pdmp_plugin_register()

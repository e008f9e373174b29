// docs/models.md, written from the tables of encoders and fusions.
#pragma once

#include <string>

namespace pdmp::cli {

// Markdown: of each encoder and fusion what it is, its source, its options and its parameters at a reference setting.
std::string model_page();

}  // namespace pdmp::cli

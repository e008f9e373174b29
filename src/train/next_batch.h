// The loader's next batch for a training that may be asked to end meanwhile.
#pragma once

#include <optional>

#include "pdmp/dataset.h"
#include "pdmp/error.h"

namespace pdmp::training {

// A file that takes long is given up once the program is asked to end (data/files/file_reading.h): then `stop`, which
// saves and throws.
template <class Stop>
std::optional<Batch> next_batch(Loader& loader, const Stop& stop) {
  try {
    return loader.next();
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) stop();
    throw;
  }
}

}  // namespace pdmp::training

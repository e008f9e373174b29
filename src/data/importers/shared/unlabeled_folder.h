// Media in a folder as rows to predict: what `pdmp prepare folders` makes of a tree with splits and classes.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "data/manifest/unlabeled_rows.h"

namespace pdmp::data {

// Where folders directly below have the names of modalities, they hold the media of these; else a file belongs to the
// modality of its type (.png to an image, .wav to audio, .npy to a tensor, .txt to a text, a video to frames and, where
// there is no recording beside it, to audio). A folder of pictures is one sample of frames. Folders below are gone
// into. Media of one sample have one name: `picture/a/cat1.png` and `speech/a/cat1.ogg` are the sample `a/cat1`.
class UnlabeledFolder {
 public:
  // Error{data} where two modalities are of the type of a file and no folder says which one it is for, or nothing is
  // for any modality; Error{io} where a folder cannot be read.
  UnlabeledFolder(const std::filesystem::path& folder, const std::vector<ModalityEntry>& entries);

  size_t size() const { return samples_.size(); }
  UnlabeledRow at(size_t i) const;                                        // in natural order of their ids; reads texts
  const std::vector<std::string>& left_out() const { return left_out_; }  // files, and why

 private:
  struct Sample {
    std::string id;
    std::vector<std::string> files;  // per modality, relative to the folder
  };

  std::filesystem::path folder_;
  std::vector<ModalityEntry> entries_;
  std::vector<Sample> samples_;
  std::vector<std::string> left_out_;
};

}  // namespace pdmp::data

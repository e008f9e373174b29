// Makers of the modality types, one source each; table.cpp lists them. All throw Error{data} on settings that do not
// fit.
#pragma once

#include <memory>

#include "data/types/modality_type.h"

namespace pdmp::data {

std::unique_ptr<ModalityType> make_image_type(const ModalityEntry& entry);
std::unique_ptr<ModalityType> make_frames_type(const ModalityEntry& entry);
std::unique_ptr<ModalityType> make_flow_type(const ModalityEntry& entry);
std::unique_ptr<ModalityType> make_audio_type(const ModalityEntry& entry);
std::unique_ptr<ModalityType> make_tensor_type(const ModalityEntry& entry);
std::unique_ptr<ModalityType> make_vector_type(const ModalityEntry& entry);
std::unique_ptr<ModalityType> make_text_type(const ModalityEntry& entry);

}  // namespace pdmp::data

// The quarter of a pixel by which keypoints are placed more precisely.
#pragma once

#include "maps.h"

namespace litepose {

struct Offset {
    float x, y;
};

/// Returns a quarter of a pixel toward the larger neighbour on each axis.
///
/// @param ties_to_zero Whether a pixel stays where it is between equal neighbours and near the
///     border, as in MMPose. Otherwise it moves backwards, as in the authors' code.
Offset quarter_offset(const BilinearMaps& heatmaps, int keypoint, int x, int y, bool ties_to_zero);

}  // namespace litepose

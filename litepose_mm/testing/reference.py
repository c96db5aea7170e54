"""A plain version of the authors' test-time procedure, with which the package is compared.

It is deliberately slow: it uses full-size maps, loops over keypoints and people, and the
``munkres`` package. It follows the LitePose and HigherHRNet papers and their released code; the
golden files compare it with outputs of that code.
"""

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from munkres import Munkres

from ..preprocessing.resize import warp_affine


def interpolate(maps: torch.Tensor, size) -> torch.Tensor:
    return F.interpolate(maps, size=tuple(size), mode='bilinear', align_corners=False)


def network_maps(forward, image: torch.Tensor, num_keypoints: int, flip_indices=None):
    """Returns full-size heatmaps ``(K, H, W)`` and tags ``(K, H, W, L)`` of one input.

    Args:
        forward: Returns the outputs of the two levels.
        image: ``(1, 3, H, W)``.
        num_keypoints: ``K``.
        flip_indices: If given, the mirrored image is added.
    """

    def one(inputs, mirrored):
        coarse, fine = forward(inputs)
        coarse = interpolate(coarse, fine.shape[2:])
        heat = (coarse[:, :num_keypoints] + fine[:, :num_keypoints]) / 2
        tag = coarse[:, num_keypoints:]
        if mirrored:
            heat = torch.flip(heat, [3])[:, flip_indices]
            tag = torch.flip(tag, [3])[:, flip_indices]
        return interpolate(heat, inputs.shape[2:]), interpolate(tag, inputs.shape[2:])

    heat, tag = one(image, False)
    if flip_indices is None:
        return heat[0].numpy(), tag[0].numpy()[..., None]
    heat_flip, tag_flip = one(torch.flip(image, [3]), True)
    return ((heat + heat_flip) / 2)[0].numpy(), np.stack([tag[0], tag_flip[0]], axis=-1)


def top_k(heat: np.ndarray, tag: np.ndarray, k: int):
    maps = torch.from_numpy(heat)[None]
    maps = maps * (F.max_pool2d(maps, 5, 1, 2) == maps)
    value, index = (each.numpy() for each in maps[0].flatten(1).topk(k, dim=1))
    width = heat.shape[2]
    location = np.stack([index % width, index // width], axis=-1)
    num_keypoints, tag_dim = heat.shape[0], tag.shape[-1]
    flat = tag.reshape(num_keypoints, -1, tag_dim)
    return value, np.stack([flat[j][index[j]] for j in range(num_keypoints)]), location


def group(value, tag, location, order, threshold=0.1, tag_threshold=1.0, max_people=30):
    num_keypoints, _, tag_dim = tag.shape
    people, people_tags = {}, {}
    for joint in order:
        rows = np.concatenate([location[joint], value[joint][:, None], tag[joint]], axis=1)
        keep = rows[:, 2] > threshold
        rows, tags = rows[keep], tag[joint][keep]
        if len(rows) == 0:
            continue
        pairs = [(row, None) for row in range(len(rows))]
        if people:
            keys = list(people)[:max_people]
            means = np.array([np.mean(people_tags[key], axis=0) for key in keys])
            distance = np.linalg.norm(rows[:, None, 3:] - means[None], ord=2, axis=2)
            cost = np.round(distance) * 100 - rows[:, 2:3]
            if len(rows) > len(keys):
                cost = np.concatenate(
                    [cost, np.full((len(rows), len(rows) - len(keys)), 1e10)], axis=1
                )
            pairs = [
                (
                    row,
                    keys[column]
                    if column < len(keys) and distance[row, column] < tag_threshold
                    else None,
                )
                for row, column in Munkres().compute(cost.tolist())
            ]
        for row, key in pairs:
            if key is None:
                key = tags[row][0]
                people.setdefault(key, np.zeros((num_keypoints, 3 + tag_dim)))
                people_tags[key] = []
            people[key][joint] = rows[row]
            people_tags[key].append(tags[row])
    return np.array(list(people.values()), dtype=np.float32).reshape(-1, num_keypoints, 3 + tag_dim)


def quarter(heat: np.ndarray, x: int, y: int):
    height, width = heat.shape
    dx = 0.25 if heat[y, min(x + 1, width - 1)] > heat[y, max(x - 1, 0)] else -0.25
    dy = 0.25 if heat[min(y + 1, height - 1), x] > heat[max(y - 1, 0), x] else -0.25
    return x + 0.5 + dx, y + 0.5 + dy


def adjust(people, heat):
    for person in people:
        for joint, row in enumerate(person):
            if row[2] > 0:
                row[:2] = quarter(heat[joint], int(row[0]), int(row[1]))
    return people


def refine(people, heat, tag):
    for person in people:
        present = person[:, 2] > 0
        mean = np.mean(
            [tag[j, int(person[j, 1]), int(person[j, 0])] for j in np.flatnonzero(present)], axis=0
        )
        for joint in np.flatnonzero(~present):
            distance = ((tag[joint] - mean) ** 2).sum(-1) ** 0.5
            y, x = np.unravel_index(np.argmax(heat[joint] - np.round(distance)), heat[joint].shape)
            if heat[joint, y, x] > 0:
                person[joint, :2] = quarter(heat[joint], x, y)
                person[joint, 2] = heat[joint, y, x]
    return people


def decode(heat, tag, order, with_adjust=True, with_refine=True, k=30):
    """Returns people ``(N, K, 3 + L)`` in pixels of the maps, and their scores ``(N,)``."""
    people = group(*top_k(heat, tag, k), order)
    if with_adjust:
        people = adjust(people, heat)
    scores = people[:, :, 2].mean(1)
    if with_refine:
        people = refine(people, heat, tag)
    return people, scores


def preprocess(image: np.ndarray, short_side: int):
    """Returns the network's input, and the matrix from its pixels to those of the image."""
    height, width = image.shape[:2]
    short = int((short_side + 63) // 64 * 64)
    if width < height:
        size = (short, int((short / width * height + 63) // 64 * 64))
        source_width = float(width)
    else:
        size = (int((short / height * width + 63) // 64 * 64), short)
        source_width = size[0] / size[1] * height
    center = np.array([int(width / 2.0 + 0.5), int(height / 2.0 + 0.5)])

    def points(middle, extent):
        corners = [middle, middle + [0, -extent / 2], middle + [-extent / 2, -extent / 2]]
        return np.array(corners, dtype=np.float32)

    source = points(center, source_width)
    target = points(np.array(size) / 2, size[0])
    warped = warp_affine(image, cv2.getAffineTransform(source, target), size)
    mean, std = np.array([[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]], dtype=np.float32)
    normalised = (warped[:, :, ::-1].astype(np.float32) / 255 - mean) / std
    tensor = torch.from_numpy(np.ascontiguousarray(normalised.transpose(2, 0, 1)))[None]
    return tensor, cv2.getAffineTransform(target, source)


def to_image(people, back):
    positions = people[..., :2].astype(np.float64)
    return positions @ back[:, :2].T + back[:, 2]

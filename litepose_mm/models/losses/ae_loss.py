"""Associative embedding loss, computed for a whole batch at once."""

from __future__ import annotations

import torch
from mmpose.registry import MODELS
from torch import Tensor, nn


@MODELS.register_module()
class BatchAssociativeEmbeddingLoss(nn.Module):
    """Pull the tags of each person together and push the mean tags of different people apart.

    Terms are normalised as by the authors (HigherHRNet ``AELoss`` of type ``exp``). Per image, the
    pull term is the mean over people of the mean squared deviation of their tags, and the push
    term is the mean of ``0.5 * exp(-d^2)`` over ordered pairs of different people; both are then
    averaged over the batch. MMPose's ``AssociativeEmbeddingLoss`` sums over the batch, counts
    every person as a pair with itself, and loops over images, people and keypoints.

    Args:
        pull_weight: Factor of the pull term.
        push_weight: Factor of the push term.
    """

    def __init__(self, pull_weight: float = 0.001, push_weight: float = 0.001):
        super().__init__()
        self.pull_weight = pull_weight
        self.push_weight = push_weight

    def forward(self, tags: Tensor, keypoint_indices: list[Tensor]) -> tuple[Tensor, Tensor]:
        """Compute both terms in float32, whatever the type of the input.

        Args:
            tags: Tag maps ``(B, L * K, H, W)``; keypoints vary fastest.
            keypoint_indices: For each image, an array ``(N_i, K, 2)`` with the position
                ``y * W + x`` and the visibility (0 or 1) of each keypoint.

        Returns:
            The pull and push terms, scalars. They are 0, with a gradient of 0, if there is nobody
            to compare.
        """
        batch_size = tags.shape[0]
        indices = torch.cat(list(keypoint_indices))
        counts = torch.tensor([len(index) for index in keypoint_indices], device=indices.device)
        # A known output size spares a synchronisation with the GPU.
        image = torch.arange(batch_size, device=indices.device).repeat_interleave(
            counts, output_size=len(indices)
        )
        num_keypoints = indices.shape[1]
        visible = indices[..., 1].float()
        maps = tags.float().view(batch_size, -1, num_keypoints, tags.shape[2] * tags.shape[3])
        keypoint = torch.arange(num_keypoints, device=tags.device)
        values = maps[image[:, None], :, keypoint, indices[..., 0]]  # (N, K, L)

        present = visible.sum(1) > 0
        values, visible, image = values[present], visible[present], image[present]
        count = visible.sum(1)
        mean = (values * visible[..., None]).sum(1) / count[:, None]  # (N, L)
        deviation = (values - mean[:, None]).square().sum(-1)
        pull = (deviation * visible).sum(1) / count

        people = torch.zeros(batch_size, device=tags.device).index_add_(
            0, image, torch.ones_like(pull)
        )
        pull = (pull / people[image]).sum() / batch_size

        closeness = torch.exp(-(mean[:, None] - mean[None]).square().sum(-1))
        others = (image[:, None] == image[None]).float()
        others.fill_diagonal_(0)
        pairs = (people * (people - 1)).clamp(min=1)
        push = 0.5 * (closeness * others / pairs[image][:, None]).sum() / batch_size
        # Without people, the result still has to be part of the graph.
        zero = maps.sum() * 0 if len(values) == 0 else 0
        return self.pull_weight * pull + zero, self.push_weight * push + zero

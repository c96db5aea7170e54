"""Compare the associative embedding loss with MMPose's, which loops over images and people."""

from argparse import Namespace

import numpy as np
import torch
from mmpose.models.losses import AssociativeEmbeddingLoss
from reporting import Rows
from timing import device, in_turns

from litepose_mm.models.losses import BatchAssociativeEmbeddingLoss


def measure(args: Namespace) -> dict[str, Rows]:
    """Measure forward and backward for 32 images of 448x448 and 17 keypoints."""
    torch.set_num_threads(args.threads)
    rng = np.random.default_rng(0)
    batch, keypoints, side = 32, 17, 112
    tags = torch.randn(batch, keypoints, side, side, device=device(), requires_grad=True)
    rows = []
    for people in args.people:
        indices = rng.integers(0, side * side, (batch, people, keypoints, 2))
        indices[..., 1] = rng.random(indices.shape[:-1]) < 0.7
        indices = list(torch.from_numpy(indices).to(device()))

        def run(loss, indices=indices):
            tags.grad = None
            sum(loss(tags, indices)).backward()

        losses = (AssociativeEmbeddingLoss(), BatchAssociativeEmbeddingLoss())
        times = in_turns([lambda own=loss, run=run: run(own) for loss in losses], args.rounds)
        theirs, ours = np.median(times, axis=0) * 1e3
        ratio = np.median(times[:, 0] / times[:, 1])
        rows.append(dict(people=people, mmpose_ms=theirs, ours_ms=ours, ratio=ratio))
    return {'loss': rows}

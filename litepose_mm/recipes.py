"""What configs of one family share and a base file cannot hold, because it depends on their size.

Configs call these functions, so that a variant is a few lines and a change is made once. They
return plain dicts and lists in MMPose's form; nothing is imported.
"""

from __future__ import annotations

from collections.abc import Sequence

_META_KEYS = (
    'id',
    'img_id',
    'img_path',
    'crowd_index',
    'ori_shape',
    'img_shape',
    'input_size',
    'input_center',
    'input_scale',
    'flip',
    'flip_direction',
    'flip_indices',
    'skeleton_links',
    'aug_scales',
)


def ae_codec(input_size: tuple[int, int], strides: Sequence[int] = (4, 2), **options) -> dict:
    """The codec for an input of ``(width, height)`` and levels of these strides.

    Args:
        input_size: Width and height of the training input in pixels.
        strides: Stride of each level, coarse to fine.
        options: Further arguments of :class:`MultiLevelAssociativeEmbedding`.
    """
    sizes = [tuple(side // stride for side in input_size) for stride in strides]
    return dict(
        type='MultiLevelAssociativeEmbedding',
        input_size=tuple(input_size),
        heatmap_sizes=sizes,
        **options,
    )


def ae_train_pipeline(
    codec: dict, use_segments: bool = True, flip: float = 0.5, aligned: bool = False, **affine
) -> list[dict]:
    """Affine, flip, targets and masks (LitePose section 5.2).

    Args:
        codec: The codec, see :func:`ae_codec`.
        use_segments: Whether unlabelled people and crowds are masked; the authors do for COCO,
            not for CrowdPose.
        flip: Share of samples that are mirrored.
        aligned: Whether inputs are as long as each picture needs, as in tests, rather than of the
            codec's size.
        affine: Further arguments of :class:`BottomupRandomAffineAlign`.
    """
    size = min(codec['input_size']) if aligned else codec['input_size']
    return [
        dict(type='LoadImage'),
        dict(type='BottomupRandomAffineAlign', input_size=size, **affine),
        dict(type='RandomFlip', direction='horizontal', prob=float(flip)),
        dict(type='GenerateTarget', encoder=codec),
        dict(type='MultiLevelHeatmapMask', use_segments=use_segments),
        dict(type='PackMultiScaleInputs', meta_keys=_META_KEYS),
    ]


def ae_test_pipeline(codec: dict, aug_scales: Sequence[float] = ()) -> list[dict]:
    """The authors' resize; with ``aug_scales`` (relative to the input) for ``multiscale_test``."""
    return [
        dict(type='LoadImage'),
        dict(
            type='BottomupResizeAlign',
            input_size=codec['input_size'],
            aug_scales=list(aug_scales) or None,
        ),
        # The truth is for metrics; it is slow to copy, so that training goes without.
        dict(type='PackMultiScaleInputs', meta_keys=(*_META_KEYS, 'raw_ann_info')),
    ]


def topdown_train_pipeline(codec: dict) -> list[dict]:
    """MMPose's training pipeline of one person a sample.

    Args:
        codec: The codec, of any of MMPose's kinds, with its ``input_size``.
    """
    return [
        dict(type='LoadImage'),
        dict(type='GetBBoxCenterScale'),
        dict(type='RandomFlip', direction='horizontal'),
        dict(type='RandomHalfBody'),
        dict(type='RandomBBoxTransform'),
        dict(type='TopdownAffine', input_size=codec['input_size']),
        dict(type='GenerateTarget', encoder=codec),
        dict(type='PackPoseInputs'),
    ]


def topdown_test_pipeline(codec: dict) -> list[dict]:
    """MMPose's test pipeline of one person a sample."""
    return [
        dict(type='LoadImage'),
        dict(type='GetBBoxCenterScale'),
        dict(type='TopdownAffine', input_size=codec['input_size']),
        dict(type='PackPoseInputs'),
    ]


#: Epochs and where the learning rate drops to a tenth (LitePose section 5.2). ``scratch`` and
#: ``finetune-coco`` are also the released configs'.
SCHEDULES: dict[str, tuple[int, tuple[int, ...]]] = {
    'scratch': (500, (350, 480)),
    'pretrain': (100, ()),
    'finetune-crowdpose': (200, (50, 180)),
    'finetune-coco': (500, (350, 480)),
    'supernet-lms': (800, ()),
    'supernet-xs': (2400, ()),
}


def ae_schedule(name: str) -> tuple[dict, list[dict]]:
    """``train_cfg`` and ``param_scheduler`` of a schedule in :data:`SCHEDULES`.

    No warm-up, as in the authors' code; the learning rate is the optimiser's.
    """
    epochs, milestones = SCHEDULES[name]
    train_cfg = dict(by_epoch=True, max_epochs=epochs, val_interval=10)
    scheduler = dict(
        type='MultiStepLR',
        begin=0,
        end=epochs,
        milestones=list(milestones),
        gamma=0.1,
        by_epoch=True,
    )
    return train_cfg, [scheduler]


def quick_head() -> dict:
    """Options of the head for training from scratch with few samples (docs/training.md)."""
    return dict(output_std=0.001, tag_loss=dict(pull_weight=1e-2, push_weight=1e-2))


def crops_then_whole(
    codec: dict, crop_size: tuple[int, int] = (128, 128), use_segments: bool = True
) -> tuple[list[dict], list[dict]]:
    """Pipelines that show pictures as they are: crops around keypoints, and the whole.

    A processor does a dozen times as many crops of 128 pixels as pictures of 448, and nine of ten
    show people; the whole pictures then show what is between them. Of a picture of 4:3, a third
    of the samples show one end, a third the other.

    Args:
        codec: The codec of whole pictures, see :func:`ae_codec`.
        crop_size: Width and height of the crops in pixels of that input.
        use_segments: See :func:`ae_train_pipeline`.
    """
    as_is = dict(use_segments=use_segments, flip=0, rotate_factor=0, keep_inside=True)
    share = min(crop_size) / min(codec['input_size'])
    crops = ae_train_pipeline(
        ae_codec(crop_size),
        scale_factor=(share, share),
        shift_factor=0.4,
        keypoint_prob=0.9,
        **as_is,
    )
    return crops, ae_train_pipeline(codec, scale_factor=(1, 1), shift_factor=0.5, **as_is)


def weights_of(model: str) -> str:
    """The file of a model's weights that come with the package, for ``load_from``."""
    from .zoo.shipped_weights import shipped_weights  # a config would keep it as a value of its own

    return str(shipped_weights()[model].path)


def tile_pipeline(tile: int) -> list[dict]:
    """Pictures that :class:`RandomMosaic` puts together, zoomed, turned and mirrored one by one.

    There are no targets, for a student that learns from its teacher alone.

    Args:
        tile: Width and height of each picture in pixels. Three side by side should be at most twice
            as wide as the samples: smaller ones are not averaged but skip pixels.
    """
    load, affine, mirror, _, _, pack = ae_train_pipeline(
        ae_codec((tile, tile)), scale_factor=(0.8, 1.2), keep_inside=True
    )
    return [load, affine, mirror, pack]


def warmup_cosine(epochs: int, warmup_iterations: int = 100, decay_from: int = 0) -> list[dict]:
    """Scheduler for short runs: linear warm-up, then a cosine down to a hundredth, by iteration.

    Args:
        epochs: All epochs.
        warmup_iterations: How many iterations the warm-up takes.
        decay_from: The epoch after which the cosine begins.
    """
    return [
        dict(type='LinearLR', start_factor=0.01, begin=0, end=warmup_iterations, by_epoch=False),
        dict(
            type='CosineAnnealingLR',
            eta_min_ratio=0.01,
            begin=decay_from,
            end=epochs,
            by_epoch=True,
            convert_to_iter_based=True,
        ),
    ]


def training_hooks(*more: dict, bad_samples: str = 'stop') -> list[dict]:
    """The hooks of every training, and more; a config's ``custom_hooks`` replaces its base's.

    Buffers are the same in all processes, epochs can be resumed to the same bits, and non-finite
    losses and bad samples stop the run. Channels-last memory makes steps take less time, and
    changes nothing else (docs/training.md).

    Args:
        more: Further hooks.
        bad_samples: Policy of :class:`BadSampleHook`, ``'stop'`` or ``'skip'``.
    """
    return [
        dict(type='SyncBuffersHook'),
        dict(type='ReproducibleEpochsHook'),
        dict(type='ChannelsLastHook'),
        dict(type='NonFiniteLossHook'),
        dict(type='BadSampleHook', policy=bad_samples),
        *more,
    ]


def supernet_model(space: str | dict, **head) -> dict:
    """Backbone and head of a supernet: the largest network of a space, and its kernels.

    Args:
        space: Name or plain data of the search space.
        head: Further options of the head.
    """
    from .nas.search_spaces import get_search_space  # needs numpy

    found = get_search_space(space)
    given = space.get('largest') if isinstance(space, dict) else None
    arch = given if isinstance(given, str) else found.largest.to_dict()  # a name is easier to read
    return dict(
        backbone=dict(type='ElasticLitePose', arch=arch, kernel_sizes=list(found.kernel_sizes)),
        head=dict(type='ElasticFusionDeconvHead', arch=arch, **head),
    )


def supernet_hooks(
    space: str | dict, *published: str, sandwich: bool = False, samples: int = 1
) -> list[dict]:
    """What a supernet's training needs besides: networks drawn for each step, some evaluated.

    Args:
        space: Name or plain data of the search space.
        published: Networks to evaluate besides the largest, the smallest and, where the space has
            it, that of half the widths.
        sandwich: See :class:`ArchitectureSamplingHook`, as for ``samples``.
        samples: How many networks a step draws.
    """
    from .nas.search_spaces import get_search_space  # needs numpy

    half = [0.5] if 0.5 in get_search_space(space).ratios else []
    return [
        dict(type='SortChannelsHook'),
        dict(type='ArchitectureSamplingHook', space=space, sandwich=sandwich, samples=samples),
        dict(
            type='SubnetValidationHook',
            space=space,
            subnets=[*half, *published, 'smallest'],
        ),
    ]

"""Codecs and pipelines of any size, for tests; those of trainings are written out in configs."""


def ae_codec(input_size, strides=(4, 2), **options):
    """The codec for an input of ``(width, height)`` and levels of these strides."""
    sizes = [tuple(side // stride for side in input_size) for stride in strides]
    return dict(
        type='MultiLevelAssociativeEmbedding',
        input_size=tuple(input_size),
        heatmap_sizes=sizes,
        **options,
    )


def ae_train_pipeline(codec, use_segments=True, flip=0.5, **affine):
    """Pipeline of training; ``affine`` are options of ``BottomupRandomAffineAlign``."""
    return [
        dict(type='LoadImage'),
        dict(type='BottomupRandomAffineAlign', input_size=codec['input_size'], **affine),
        dict(type='RandomFlip', direction='horizontal', prob=float(flip)),
        dict(type='GenerateTarget', encoder=codec),
        dict(type='MultiLevelHeatmapMask', use_segments=use_segments),
        dict(type='PackMultiScaleInputs', with_annotations=False),
    ]


def ae_test_pipeline(codec, aug_scales=None):
    """Pipeline of tests; with ``aug_scales`` for ``multiscale_test``."""
    return [
        dict(type='LoadImage'),
        dict(type='BottomupResizeAlign', input_size=codec['input_size'], aug_scales=aug_scales),
        dict(type='PackMultiScaleInputs'),
    ]


def tile_pipeline(tile):
    """Images for :class:`RandomMosaic`, without targets."""
    return [
        dict(type='LoadImage'),
        dict(
            type='BottomupRandomAffineAlign',
            input_size=(tile, tile),
            scale_factor=(0.8, 1.2),
            keep_inside=True,
        ),
        dict(type='RandomFlip', direction='horizontal', prob=0.5),
        dict(type='PackMultiScaleInputs', with_annotations=False),
    ]

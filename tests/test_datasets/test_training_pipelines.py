"""From a file of COCO's form to the loss: what the pipelines of the configs do together."""

import json

import cv2
import numpy as np
import pytest
import torch
import xtcocotools.mask
from mmengine.dataset import pseudo_collate
from mmengine.optim import OptimWrapper
from mmpose.registry import DATASETS, MODELS
from networks import TINY, litepose
from pipelines import ae_codec, ae_train_pipeline, tile_pipeline

SIDE, K = 64, 17
STRIDES = (4, 2)
#: left, top, right, bottom
LABELLED = [(32, 0, 60, 20), (32, 44, 64, 64)]
UNLABELLED, RUNS, COMPRESSED = (4, 4, 24, 20), (36, 28, 60, 40), (0, 48, 28, 60)


def region(left, top, right, bottom):
    covered = np.zeros((SIDE, SIDE), dtype=np.uint8, order='F')
    covered[top:bottom, left:right] = 1
    return covered


HIDDEN = sum(region(*box) for box in (UNLABELLED, RUNS, COMPRESSED)) > 0


def polygon(left, top, right, bottom):
    return [[left, top, right, top, right, bottom, left, bottom]]


def runs(*box):
    """Lengths of runs of 0 and 1 in turns, column by column, as COCO stores its crowds."""
    changes = np.flatnonzero(np.diff(region(*box).ravel('F'), prepend=0, append=2))
    return dict(size=[SIDE, SIDE], counts=np.diff(changes, prepend=0).tolist())


def compressed(*box):
    encoded = xtcocotools.mask.encode(region(*box))
    return dict(encoded, counts=encoded['counts'].decode())


def annotation(identity, box, segmentation, keypoints=None, iscrowd=0):
    left, top, right, bottom = box
    labels = np.zeros((K, 3)) if keypoints is None else np.c_[keypoints, np.full(K, 2)]
    return dict(
        id=identity,
        image_id=1,
        category_id=1,
        iscrowd=iscrowd,
        bbox=[left, top, right - left, bottom - top],
        area=(right - left) * (bottom - top),
        segmentation=segmentation,
        keypoints=labels.ravel().tolist(),
        num_keypoints=0 if keypoints is None else K,
    )


def write_coco(folder):
    rng = np.random.default_rng(0)
    cv2.imwrite(str(folder / '1.png'), rng.integers(0, 255, (SIDE, SIDE, 3), np.uint8))
    people = [
        annotation(identity, box, polygon(*box), rng.uniform(box[:2], box[2:], (K, 2)))
        for identity, box in enumerate(LABELLED, 1)
    ]
    others = [
        annotation(3, UNLABELLED, polygon(*UNLABELLED)),
        annotation(4, RUNS, runs(*RUNS), iscrowd=1),
        annotation(5, COMPRESSED, compressed(*COMPRESSED), iscrowd=1),
    ]
    document = dict(
        images=[dict(id=1, file_name='1.png', width=SIDE, height=SIDE)],
        annotations=people + others,
        categories=[dict(id=1, name='person', keypoints=[], skeleton=[])],
    )
    (folder / 'annotations.json').write_text(json.dumps(document))


def training_batch(folder, codec, flip):
    """The image twice, as training sees it, but as it is or mirrored."""
    write_coco(folder)
    as_is = dict(flip=flip, scale_factor=(1, 1), rotate_factor=0, shift_factor=0)
    dataset = DATASETS.build(
        dict(
            type='CocoDataset',
            data_mode='bottomup',
            data_root=str(folder),
            ann_file='annotations.json',
            data_prefix=dict(img=''),
            pipeline=ae_train_pipeline(codec, use_segments=True, **as_is),
        )
    )
    return pseudo_collate([dataset[0], dataset[0]])


@pytest.mark.parametrize('flip', [False, True], ids=['plain', 'mirrored'])
@pytest.mark.parametrize('loss', ['KeypointMSELoss', 'WeightAdaptiveHeatmapLoss'])
def test_crowds_and_unlabelled_people_do_not_count(tmp_path, flip, loss):
    torch.manual_seed(0)
    codec = ae_codec((SIDE, SIDE), STRIDES)
    batch = training_batch(tmp_path, codec, flip)
    model = litepose(TINY, K, head=dict(heatmap_loss=dict(type=loss)), decoder=codec).train()
    head, masks = model.head, []
    watch = head.heatmap_loss.register_forward_pre_hook(lambda _, args: masks.append(args[3]))
    optimizer = OptimWrapper(torch.optim.SGD(model.parameters(), lr=0.01))
    assert model.train_step(batch, optimizer)['loss'].isfinite()
    watch.remove()

    assert len(masks) == len(STRIDES)
    for mask, stride in zip(masks, STRIDES):
        # Pixels of a level stand for every stride-th of the image, before it is mirrored.
        expected = HIDDEN[::stride, ::stride]
        expected = expected[:, ::-1] if flip else expected
        np.testing.assert_array_equal(mask.numpy(), np.broadcast_to(~expected, mask.shape))

    data = model.data_preprocessor(batch, training=True)
    with torch.no_grad():
        outputs = head.forward(model.extract_feat(data['inputs']))

    def losses(where):
        """With other heatmaps in some places."""
        changed = [maps.clone() for maps in outputs]
        for maps, places in zip(changed, where):
            maps[:, :K] += 5 * places
        return head.loss_of_outputs(changed, data['data_samples'])

    as_predicted = losses([torch.zeros(1)] * 2)
    assert losses([mask == 0 for mask in masks]) == as_predicted
    elsewhere = losses(masks)
    for level in range(len(STRIDES)):
        name = f'loss_heatmap_{level}'
        assert elsewhere[name] > as_predicted[name] + 1


def test_visibilities_become_the_heights_of_gaussians(tmp_path):
    write_coco(tmp_path)
    path = tmp_path / 'annotations.json'
    document = json.loads(path.read_text())
    probabilities = np.linspace(0.05, 0.85, K)
    points = np.stack(np.meshgrid(np.arange(5), np.arange(5)), axis=-1).reshape(-1, 2)[:K] * 12 + 4
    person = document['annotations'][0]
    person['keypoints'] = np.c_[points, probabilities].ravel().tolist()
    document['annotations'] = [person]
    path.write_text(json.dumps(document))
    codec = ae_codec((SIDE, SIDE), STRIDES)
    as_is = dict(flip=0, scale_factor=(1, 1), rotate_factor=0, shift_factor=0)
    dataset = DATASETS.build(
        dict(
            type='CheckedCocoDataset',
            data_mode='bottomup',
            data_root=str(tmp_path),
            ann_file='annotations.json',
            data_prefix=dict(img=''),
            pipeline=ae_train_pipeline(codec, **as_is),
        )
    )
    for maps in dataset[0]['data_samples'].gt_fields.heatmaps:
        np.testing.assert_allclose(maps.amax(dim=(1, 2)).numpy(), probabilities, rtol=1e-5)


def write_dotted(folder, count=5):
    """Images of one person each whose shoulders are bright dots, all else dark."""
    rng = np.random.default_rng(0)
    images, annotations = [], []
    for identity in range(1, count + 1):
        width, height = rng.integers(90, 140, 2).tolist()
        keypoints = np.zeros((14, 3))
        image = np.full((height, width, 3), 40, np.uint8)
        for joint, channel in enumerate((0, 2)):  # left is blue, right is red
            x, y = rng.integers(30, 60, 2).tolist()
            y = y if joint == 0 else min(y + 25, height - 8)
            keypoints[joint] = x, y, 2
            image[y - 5 : y + 6, x - 5 : x + 6, channel] = 255
        cv2.imwrite(str(folder / f'{identity}.png'), image)
        images.append(dict(id=identity, file_name=f'{identity}.png', width=width, height=height))
        images[-1]['crowdIndex'] = 0.0
        annotations.append(
            dict(
                id=identity,
                image_id=identity,
                category_id=1,
                iscrowd=0,
                bbox=[10, 10, 70, 70],
                area=4900,
                keypoints=keypoints.ravel().tolist(),
                num_keypoints=2,
            )
        )
    categories = [dict(id=1, name='person')]
    document = dict(images=images, annotations=annotations, categories=categories)
    (folder / 'annotations.json').write_text(json.dumps(document))


def test_tiles_make_mosaics(tmp_path):
    write_dotted(tmp_path)
    dataset = DATASETS.build(
        dict(
            type='CrowdPoseDataset',
            data_root=str(tmp_path),
            ann_file='annotations.json',
            data_prefix=dict(img=''),
            data_mode='bottomup',
            pipeline=tile_pipeline(96),
        )
    )
    mosaic = dict(type='RandomMosaic', output_size=(128, 128), scale_factor=(1, 1))
    preprocessor = MODELS.build(
        dict(type='MultiScaleDataPreprocessor', mean=[0], std=[1], batch_augments=[mosaic])
    )
    batch = pseudo_collate([dataset[index] for index in range(len(dataset))])
    made = preprocessor(batch, training=True)['inputs']
    assert made.shape == (5, 3, 128, 128)
    # Shoulders are bright and cover as much of nine images as of one.
    tiles = torch.stack(batch['inputs'])
    bright = [float((each > 150).float().mean()) for each in (tiles, made)]
    assert bright[1] == pytest.approx(bright[0], rel=0.3)
    assert preprocessor(batch, training=False)['inputs'].shape == (5, 3, 96, 96)

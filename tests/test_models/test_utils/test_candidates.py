import pytest
import torch

from litepose_mm.models.utils.candidates import find_candidates


def expected_candidates(heatmap, tags, top_k, kernel):
    """One keypoint's positive peaks, best first: (value, x, y, tags) each, found pixel by pixel."""
    height, width = heatmap.shape
    reach, found = kernel // 2, []
    for y in range(height):
        for x in range(width):
            value = heatmap[y, x]
            around = heatmap[max(y - reach, 0) : y + reach + 1, max(x - reach, 0) : x + reach + 1]
            if value <= 0 or value < around.max():
                continue
            right, left = heatmap[y, min(x + 1, width - 1)], heatmap[y, max(x - 1, 0)]
            below, above = heatmap[min(y + 1, height - 1), x], heatmap[max(y - 1, 0), x]
            dx, dy = (0.25 if a > b else -0.25 for a, b in ((right, left), (below, above)))
            found.append((value.item(), x + dx, y + dy, tags[:, y, x]))
    return sorted(found, key=lambda peak: -peak[0])[:top_k]


@pytest.mark.parametrize(('kernel', 'top_k', 'tag_dim'), [(5, 6, 1), (3, 30, 2)])
def test_peaks_pixel_by_pixel(kernel, top_k, tag_dim):
    torch.manual_seed(0)
    # As many levels of grey as pixels: no ties, peaks at the border too.
    heatmaps = torch.stack([torch.randperm(13 * 17) for _ in range(6)]).view(2, 3, 13, 17) / 100 - 1
    tags = torch.randn(2, tag_dim * 3, 13, 17)
    values, positions, own = find_candidates(heatmaps, tags, top_k, kernel)
    assert values.shape == (2, 3, top_k) and own.shape == (2, 3, top_k, tag_dim)
    assert positions.shape == (2, 3, top_k, 2) and positions.dtype == torch.float32
    for image in range(2):
        for keypoint in range(3):
            expected = expected_candidates(
                heatmaps[image, keypoint], tags[image, keypoint::3], top_k, kernel
            )
            assert len(expected) > 5
            for index, (value, x, y, tag) in enumerate(expected):
                assert values[image, keypoint, index] == value
                assert positions[image, keypoint, index].tolist() == [x, y]
                assert torch.equal(own[image, keypoint, index], tag)
            assert (values[image, keypoint, len(expected) :] == 0).all()


def test_equal_neighbours_move_backwards():
    heatmaps = torch.zeros(1, 1, 5, 7)
    heatmaps[0, 0, 2, 3] = 1
    _, positions, _ = find_candidates(heatmaps, torch.zeros(1, 1, 5, 7), top_k=1)
    assert positions.flatten().tolist() == [2.75, 1.75]

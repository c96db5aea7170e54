"""What happens to videos: damage, and cameras that are held upright."""

import numpy as np


def packets(path):
    """Position and size of each packet of a video."""
    import av

    with av.open(str(path)) as container:
        return [(p.pos, p.size) for p in container.demux(video=0) if p.size]


def damage(path, first, last, value=0):
    """Overwrites the packets from ``first`` to ``last``, but for the first bytes of each."""
    data, found = bytearray(path.read_bytes()), packets(path)
    for start, size in found[first : last + 1]:
        kept = 16 if path.suffix == '.mkv' else 0  # the header of the block
        data[start + kept : start + size] = bytes([value]) * (size - kept)
    path.write_bytes(data)


def turn(path, orientation):
    """Writes a display matrix into an MP4, as phones do; the header has one of nine numbers."""
    matrices = {
        2: (-1, 0, 0, 1), 3: (-1, 0, 0, -1), 4: (1, 0, 0, -1),
        5: (0, 1, 1, 0), 6: (0, 1, -1, 0), 7: (0, -1, -1, 0), 8: (0, -1, 1, 0),
    }  # fmt: skip
    data = path.read_bytes()
    at = data.index(b'tkhd') + 4 + 40  # version 0: the matrix comes after 40 bytes
    a, b, c, d = (65536 * value for value in matrices[orientation])
    matrix = np.array([a, b, 0, c, d, 0, 0, 0, 1 << 30], '>i4').tobytes()
    path.write_bytes(data[:at] + matrix + data[at + 36 :])

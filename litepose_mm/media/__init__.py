"""Pictures and videos: finding them, reading them, and writing files that are whole or not there.

Pictures are BGR (H, W, 3) uint8, upright: OpenCV applies their EXIF orientation. No torch here.
"""

from .inputs import IMAGE_SUFFIXES, VIDEO_SUFFIXES, MediaFile, find_media
from .reading import VideoReader, decode_image, read_image
from .writing import VideoWriter, video_paths, write_image, write_json

__all__ = [
    'IMAGE_SUFFIXES',
    'VIDEO_SUFFIXES',
    'MediaFile',
    'VideoReader',
    'VideoWriter',
    'decode_image',
    'find_media',
    'read_image',
    'video_paths',
    'write_image',
    'write_json',
]

"""Find and read images and videos, and write them atomically.

Images are BGR (H, W, 3) uint8 and upright. This package does not import torch.
"""

from .images import decode_image, image_size, read_image
from .inputs import IMAGE_SUFFIXES, VIDEO_SUFFIXES, MediaFile, find_media
from .video_decoding import VideoFrame
from .video_writing import VideoWriter, video_path
from .videos import VideoReader
from .writing import write_image, write_json

__all__ = [
    'IMAGE_SUFFIXES',
    'VIDEO_SUFFIXES',
    'MediaFile',
    'VideoFrame',
    'VideoReader',
    'VideoWriter',
    'decode_image',
    'find_media',
    'image_size',
    'read_image',
    'video_path',
    'write_image',
    'write_json',
]

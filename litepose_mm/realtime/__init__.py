"""People on the frames of cameras, streams and videos, as they come."""

from .handover import Closed, Handover
from .outputs import JsonLinesOutput, VideoOutput, frame_document
from .pipeline import RealTimePipeline, Shown, Statistics
from .sources import CaptureSource, FileSource, FolderSource, Frame, Source, open_source

__all__ = [
    'CaptureSource',
    'Closed',
    'FileSource',
    'FolderSource',
    'Frame',
    'Handover',
    'JsonLinesOutput',
    'RealTimePipeline',
    'Shown',
    'Source',
    'Statistics',
    'VideoOutput',
    'frame_document',
    'open_source',
]

"""Find people on the frames of cameras, streams and videos in real time."""

from .handover import Closed, Handover
from .outputs import JsonLinesOutput, VideoOutput, frame_document
from .pipeline import FrameResult, RealTimePipeline, Statistics
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
    'FrameResult',
    'Source',
    'Statistics',
    'VideoOutput',
    'frame_document',
    'open_source',
]

"""LitePose's supernet: its elastic backbone and head, and its search spaces."""

from .networks import ElasticFusionDeconvHead, ElasticLitePose
from .space import LitePoseSearchSpace

__all__ = ['ElasticFusionDeconvHead', 'ElasticLitePose', 'LitePoseSearchSpace']

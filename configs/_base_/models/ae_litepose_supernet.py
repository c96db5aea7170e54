_base_ = './ae_litepose.py'

# A config sets the largest architecture and the kernel sizes to choose from.
model = dict(
    type='SupernetBottomupPoseEstimator',
    backbone=dict(type='ElasticLitePose'),
    head=dict(type='ElasticFusionDeconvHead'),
)
find_unused_parameters = True  # sub-networks with smaller depths do not use all blocks

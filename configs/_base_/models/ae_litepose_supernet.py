_base_ = './ae_litepose.py'

# A config sets the largest architecture and the kernel sizes to choose from.
model = dict(
    type='SupernetBottomupPoseEstimator',
    backbone=dict(type='ElasticLitePose'),
    head=dict(type='ElasticFusionDeconvHead'),
)
find_unused_parameters = True  # a narrower network leaves blocks alone where depths differ

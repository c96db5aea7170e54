_base_ = './ae_higherhrnet-w8_1xb8-4e_synthetic-128x128.py'

# EfficientHRNet-H-4 at a third of its input size, to train on one CPU core in minutes.
model = dict(
    backbone=dict(_delete_=True, type='EfficientHRNet', arch=-4),
    head=dict(in_channels=14, deconv_channels=(14,), num_basic_blocks=2),
)
# Without averaged weights: the first steps' variances are so large that their share of the average
# still dominates after this short training.
custom_hooks = []

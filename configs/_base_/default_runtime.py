default_scope = 'mmpose'

# Registers all components of this package, before any module of MMPose is imported.
custom_imports = dict(imports=['litepose_mm.modules'])

# Checkpoints are complete and hold plain data only. The first metric is AP, with the prefix of its
# data set. Every validation draws the same few images.
default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=50),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(
        type='SafeCheckpointHook', interval=1, max_keep_ckpts=3, save_best='auto', rule='greater'
    ),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    visualization=dict(type='PoseImagesHook', enable=True, max_images=4),
    badcase=dict(
        type='BadCaseAnalysisHook',
        enable=False,
        out_dir='badcase',
        metric_type='loss',
        badcase_thr=5,
    ),
    # All processes have the same buffers, and resumed runs equal uninterrupted ones bit by bit.
    sync_buffers=dict(type='SyncBuffersHook'),
    reproducible_epochs=dict(type='ReproducibleEpochsHook'),
    # Training steps take less time; results differ by rounding only (docs/training.md).
    channels_last=dict(type='ChannelsLastHook'),
    # Non-finite losses and bad samples stop the run; the policy 'skip' leaves out bad samples.
    non_finite_loss=dict(type='NonFiniteLossHook'),
    bad_sample=dict(type='BadSampleHook', policy='stop'),
)

env_cfg = dict(
    cudnn_benchmark=False,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'),
)

# If TensorBoard is installed, its files are written to the folder of the log.
vis_backends = [dict(type='LocalVisBackend'), dict(type='OptionalTensorboardVisBackend')]
visualizer = dict(type='MultiLevelPoseVisualizer', vis_backends=vis_backends, name='visualizer')

log_processor = dict(type='ReadableLogProcessor', window_size=50, by_epoch=True, num_digits=4)
log_level = 'INFO'
load_from = None
resume = False
backend_args = dict(backend='local')

train_cfg = dict(by_epoch=True)
val_cfg = dict()
test_cfg = dict()

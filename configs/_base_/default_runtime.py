default_scope = 'mmpose'

# Registers everything of this package; must come before any of MMPose's modules is imported.
custom_imports = dict(imports=['litepose_mm.modules'])

# Checkpoints are plain data, whole, and resumed to the same bits; the metric that comes first is
# AP, under the prefix of its data set. Validation draws a few images, the same ones each time.
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
    # Buffers are the same in all processes, and epochs can be resumed to the same bits.
    sync_buffers=dict(type='SyncBuffersHook'),
    reproducible_epochs=dict(type='ReproducibleEpochsHook'),
    # Steps take less time, and nothing else changes (docs/training.md).
    channels_last=dict(type='ChannelsLastHook'),
    # Non-finite losses and bad samples stop the run; with 'skip', bad samples are left out.
    non_finite_loss=dict(type='NonFiniteLossHook'),
    bad_sample=dict(type='BadSampleHook', policy='stop'),
)

env_cfg = dict(
    cudnn_benchmark=False,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'),
)

# TensorBoard's files are in the folder of the log, where TensorBoard is installed.
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

"""Private names of other packages that this one depends on, since there is no public way.

A release of that package may break each without notice; ``tests/test_compat/test_private_api.py``
finds every use and compares it with this table.
"""

from typing import NamedTuple


class PrivateUse(NamedTuple):
    """One private name.

    Attributes:
        name: The attribute, or the method that is overridden.
        owner: Whose it is.
        cause: What it is needed for, and what public way is missing.
        retires: When it can go.
    """

    name: str
    owner: str
    cause: str
    retires: str


PRIVATE_USES = (
    PrivateUse(
        '_load_from',
        'mmengine.runner.Runner',
        'a checkpoint is checked, and read as data only, before the Runner loads it',
        'when a hook is called before loading with the path of the checkpoint',
    ),
    PrivateUse(
        '_resume',
        'mmengine.runner.Runner',
        'a run that resumes checks its checkpoint, and one that starts anew does not',
        'when the Runner says publicly whether it resumes',
    ),
    PrivateUse(
        '_train_loop',
        'mmengine.runner.Runner',
        'metrics of a validation alone get step 0; Runner.train_loop would build a loop',
        'when Runner.train_loop can be asked without building it',
    ),
    PrivateUse(
        '_save_checkpoint_with_step',
        'mmengine.hooks.CheckpointHook',
        'old checkpoints are removed only when the new one is on the disk',
        'when CheckpointHook removes last',
    ),
    PrivateUse(
        '_save_best_checkpoint',
        'mmengine.hooks.CheckpointHook',
        'as for _save_checkpoint_with_step',
        'when CheckpointHook removes last',
    ),
    PrivateUse(
        '_init_env',
        'mmengine.visualization.TensorboardVisBackend',
        'TensorBoard is optional; the parent raises where it is missing',
        'when MMEngine has an optional backend',
    ),
    PrivateUse(
        '_draw_instance_heatmap',
        'mmpose.visualization.PoseLocalVisualizer',
        'heatmaps of several levels are drawn, where MMPose draws one',
        'when PoseLocalVisualizer draws a list of heatmaps',
    ),
    PrivateUse(
        '_save_dir',
        'mmengine.visualization.BaseVisBackend',
        'the message that TensorBoard is missing names the folder of the log',
        'when the backend has a public folder',
    ),
    PrivateUse(
        '_metainfo',
        'mmengine.dataset.BaseDataset',
        'MMPose puts the categories of a file there, which BaseDataset.metainfo only copies',
        'when MMPose has a public way to complete metainfo',
    ),
    PrivateUse(
        '_load_annotations',
        'mmpose.datasets.BaseCocoStyleDataset',
        'annotations are read by a reader that names what is wrong in a file',
        "when MMPose's own reader does",
    ),
    PrivateUse(
        '_get_topdown_data_infos',
        'mmpose.datasets.BaseCocoStyleDataset',
        'samples that are drawn when they are asked for have no list to load',
        'when MMPose has data sets without files',
    ),
    PrivateUse(
        '_get_bottomup_data_infos',
        'mmpose.datasets.BaseCocoStyleDataset',
        'as for _get_topdown_data_infos',
        'when MMPose has data sets without files',
    ),
    PrivateUse(
        '_prepare',
        'pycocotools.cocoeval.COCOeval',
        'people are matched as xtcocotools does, which prepares them otherwise',
        'with the fix xtcocotools',
    ),
    PrivateUse(
        '_build_wrapper',
        'mmdeploy.codebase.base.BaseBackendModel',
        'it builds the wrapper of a backend, as in every backend model of MMDeploy',
        'when MMDeploy makes it public',
    ),
    PrivateUse(
        '_OpenVINOWrapper__openvino_execute',
        'mmdeploy.backend.openvino.OpenVINOWrapper',
        "MMDeploy's profiler counts the time of this method, and refuses a second one of its name",
        "when MMDeploy's wrapper uses OpenVINO's current API",
    ),
    PrivateUse(
        '_apply',
        'torch.nn.Module',
        'a teacher that is no submodule moves to the device with its student',
        'when the teacher is a submodule that state_dict leaves out',
    ),
    PrivateUse(
        '_dataset_meta',
        'mmengine.evaluator.BaseMetric',
        'MMPose overrides the setter of dataset_meta, so the getter has to be overridden, too',
        "when CocoMetric's setter reads no file",
    ),
    PrivateUse(
        '_channel_conversion',
        'mmengine.model.ImgDataPreprocessor',
        'a card says whether a network takes RGB or BGR',
        'when the preprocessor says so publicly',
    ),
    PrivateUse(
        '_metadata',
        'torch.nn.Module.state_dict',
        'versions of modules in a state dict stay in checkpoints',
        'when torch saves it with the state dict as plain data',
    ),
    PrivateUse(
        '_BatchNorm',
        'torch.nn.modules.batchnorm',
        'every kind of batch normalisation, as MMEngine and MMPose find them',
        'when torch has a public base class',
    ),
    PrivateUse(
        '_ConvNd', 'torch.nn.modules.conv', 'every kind of convolution', 'as for _BatchNorm'
    ),
    PrivateUse('_ConvTransposeNd', 'torch.nn.modules.conv', 'as for _ConvNd', 'as for _BatchNorm'),
    PrivateUse(
        '_AvgPoolNd', 'torch.nn.modules.pooling', 'every kind of pooling', 'as for _BatchNorm'
    ),
    PrivateUse('_MaxPoolNd', 'torch.nn.modules.pooling', 'as for _AvgPoolNd', 'as for _BatchNorm'),
    PrivateUse(
        '_AdaptiveAvgPoolNd', 'torch.nn.modules.pooling', 'as for _AvgPoolNd', 'as for _BatchNorm'
    ),
    PrivateUse(
        '_AdaptiveMaxPoolNd', 'torch.nn.modules.pooling', 'as for _AvgPoolNd', 'as for _BatchNorm'
    ),
    PrivateUse(
        '_is_avx512_bf16_supported',
        'torch.cpu',
        'bfloat16 is slower than float32 on processors without it',
        'when torch says publicly what the processor has',
    ),
    PrivateUse(
        '_foreach_copy_',
        'torch',
        'all buffers are kept in one call each step, which 150 calls of copy_ would slow down',
        'when torch makes its foreach functions public',
    ),
    PrivateUse(
        '_MultiProcessingDataLoaderIter',
        'torch.utils.data.dataloader',
        'its end must not complain after shared_memory_told() has',
        'when DataLoader raises where shared memory is full',
    ),
    PrivateUse(
        '_shutdown',
        'torch.utils.data.dataloader._MultiProcessingDataLoaderIter',
        'as for _MultiProcessingDataLoaderIter',
        'when DataLoader raises where shared memory is full',
    ),
    PrivateUse(
        '_on_queue_feeder_error',
        'multiprocessing.queues.Queue',
        'a worker that cannot send a batch would drop it, and DataLoader wait without end',
        'when DataLoader raises where shared memory is full',
    ),
)

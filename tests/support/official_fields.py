"""Which fields the official client's schema classes load, by kind. Run as a script, it needs only azure-ai-ml."""

import importlib
import json

CLASSES = {
    "command job": ["job.command_job:CommandJobSchema"],
    "pipeline job": ["pipeline.pipeline_job:PipelineJobSchema"],
    "sweep job": ["_sweep.sweep_job:SweepJobSchema"],
    "command component": ["component.command_component:CommandComponentSchema"],
    "pipeline component": ["pipeline.pipeline_component:PipelineComponentSchema"],
    "parallel component": ["component.parallel_component:ParallelComponentSchema"],
    "command node": ["pipeline.component_job:CommandSchema", "pipeline.pipeline_command_job:PipelineCommandJobSchema"],
    "parallel node": [
        "pipeline.component_job:ParallelSchema",
        "pipeline.pipeline_parallel_job:PipelineParallelJobSchema",
    ],
    "sweep node": ["pipeline.component_job:SweepSchema"],
    "pipeline node": ["pipeline.pipeline_component:PipelineSchema"],
    "environment": ["assets.environment:EnvironmentSchema"],
    "inline environment": ["assets.environment:AnonymousEnvironmentSchema"],
    "build context": ["assets.environment:BuildContextSchema"],
    "data asset": ["assets.data:DataSchema"],
    "component input": ["component.input_output:InputPortSchema", "component.input_output:ParameterSchema"],
    "component output": ["component.input_output:OutputPortSchema"],
    "input": ["job.input_output_entry:DataInputSchema", "job.input_output_entry:InputLiteralValueSchema"],
    "output": ["job.input_output_entry:OutputSchema"],
    "settings section": ["pipeline.settings:PipelineJobSettingsSchema"],
    "command limits section": ["job.job_limits:CommandJobLimitsSchema"],
    "sweep limits section": ["job.job_limits:SweepJobLimitsSchema"],
    "sweep objective": ["_sweep.sweep_objective:SweepObjectiveSchema"],
    "parallel task": ["component.parallel_task:ComponentParallelTaskSchema"],
    "retry section": ["component.retry_settings:RetrySettingsSchema"],
    "sampling algorithm": [
        f"_sweep.sweep_sampling_algorithm:{name}SamplingAlgorithmSchema" for name in ("Random", "Grid", "Bayesian")
    ],
    "early termination": [
        f"_sweep.sweep_termination:{name}PolicySchema" for name in ("Bandit", "MedianStopping", "TruncationSelection")
    ],
    "sweep trial": ["job.parameterized_command:ParameterizedCommandSchema"],
    "inline component": [f"component.command_component:{prefix}CommandComponentSchema" for prefix in ("", "Anonymous")],
    "online endpoint": ["_endpoint.online.online_endpoint:ManagedOnlineEndpointSchema"],
    "batch endpoint": ["_endpoint.batch.batch_endpoint:BatchEndpointSchema"],
    "online deployment": ["_deployment.online.online_deployment:ManagedOnlineDeploymentSchema"],
    "batch deployment": [
        "_deployment.batch.pipeline_component_batch_deployment_schema:PipelineComponentBatchDeploymentSchema"
    ],
    "endpoint identity": ["identity:IdentitySchema"],
    "endpoint defaults": ["_endpoint.batch.batch_endpoint_defaults:BatchEndpointsDefaultsSchema"],
    "request settings": ["_deployment.online.request_settings_schema:RequestSettingsSchema"],
    "probe": ["_deployment.online.liveness_probe:LivenessProbeSchema"],
    "code configuration": ["_deployment.code_configuration_schema:CodeConfigurationSchema"],
    "inference config": ["assets.environment:InferenceConfigSchema"],
    "route": ["assets.environment:RouteSchema"],
    "schedule": ["schedule.schedule:JobScheduleSchema"],
    "schedule trigger": ["schedule.trigger:CronTriggerSchema"],
    "resources section": ["job_resource_configuration:JobResourceConfigurationSchema"],
}


def loaded(path: str) -> set[str]:
    module, name = path.split(":")
    schema = getattr(importlib.import_module(f"azure.ai.ml._schema.{module}"), name)(context={"base_path": "."})
    return {field.data_key or key for key, field in schema.fields.items() if not field.dump_only}


if __name__ == "__main__":
    print(json.dumps({kind: sorted(set().union(*map(loaded, paths))) for kind, paths in CLASSES.items()}))

export { readInvocation, writeInvocation } from './protocols/mlflow.ts';
export { modelMetadata, readInfer, writeInfer } from './protocols/open-inference.ts';
export { reasonsOf, requireReasons } from './reasons.ts';
export { createDeployment, type DeploymentDeps } from './service.ts';

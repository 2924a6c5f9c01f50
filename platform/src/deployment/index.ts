export { readInvocation, writeInvocation } from './protocols/mlflow.ts';
export { modelMetadata, readInfer, writeInfer } from './protocols/open-inference.ts';
export { createDeployment, type DeploymentDeps } from './service.ts';

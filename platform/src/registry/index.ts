export { createRegistry, type RegistryDeps } from './service.ts';

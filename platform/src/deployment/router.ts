import { SlipwayError } from '../kernel/errors.ts';
import { nearestName } from '../kernel/names.ts';
import type { ModelRuntime, ModelWorker } from './ports.ts';
import type { PredictionLog } from './prediction-log/prediction-log.ts';
import type { TrafficCounter } from './traffic.ts';
import type { ServableModel } from './types.ts';

/** A revision with its worker. */
export interface WarmRevision {
  readonly revision: number;
  readonly model: ServableModel;
  readonly worker: ModelWorker;
}

/**
 * One deployment in this process. `live` answers; `previous` stays warm so that going back is a pointer switch.
 * A swap never closes a worker that has work: it finishes what it was given first.
 */
export interface Route {
  readonly name: string;
  readonly log: PredictionLog;
  readonly traffic: TrafficCounter;
  live: WarmRevision | undefined;
  previous: WarmRevision | undefined;
  failure: SlipwayError | undefined;
}

export class Router {
  private readonly routes = new Map<string, Route>();

  constructor(
    private readonly runtime: ModelRuntime,
    private readonly makeRoute: (name: string) => Route,
  ) {}

  names(): string[] {
    return [...this.routes.keys()];
  }

  find(name: string): Route | undefined {
    return this.routes.get(name);
  }

  /** @throws DEPLOYMENT_NOT_FOUND with the nearest name, DEPLOYMENT_NOT_READY */
  live(name: string): Route & { readonly live: WarmRevision } {
    const route = this.routes.get(name);
    if (route === undefined) throw deploymentNotFound(name, this.names());
    if (route.live === undefined) throw notReady(name, route.failure);
    return route as Route & { readonly live: WarmRevision };
  }

  route(name: string): Route {
    let route = this.routes.get(name);
    if (route === undefined) {
      route = this.makeRoute(name);
      this.routes.set(name, route);
    }
    return route;
  }

  start(model: ServableModel): Promise<ModelWorker> {
    return this.runtime.start(model);
  }

  /** From the next request on the new revision answers. The one before stays warm, the one before that is closed. */
  switchTo(name: string, next: WarmRevision): void {
    const route = this.route(name);
    const former = route.live;
    if (former?.revision === next.revision) {
      void next.worker.close();
      return;
    }
    const dropped = route.previous;
    route.live = next;
    route.previous = former;
    route.failure = undefined;
    if (dropped !== undefined && dropped.worker !== next.worker && dropped.worker !== former?.worker)
      void dropped.worker.close();
  }

  async remove(name: string): Promise<void> {
    const route = this.routes.get(name);
    if (route === undefined) return;
    this.routes.delete(name);
    await Promise.all([route.live?.worker.close(), route.previous?.worker.close()]);
    await route.log.close();
  }

  async close(): Promise<void> {
    await Promise.all(this.names().map((name) => this.remove(name)));
  }
}

export function deploymentNotFound(name: string, known: readonly string[]): SlipwayError {
  const near = nearestName(name, known);
  return new SlipwayError('DEPLOYMENT_NOT_FOUND', {
    message: `there is no deployment '${name}'`,
    fix: near === undefined ? 'List deployments with `slipway deploy ls`.' : `Did you mean '${near}'?`,
    details: { deployment: name, ...(near === undefined ? {} : { nearest: near }) },
  });
}

function notReady(name: string, failure: SlipwayError | undefined): SlipwayError {
  return new SlipwayError('DEPLOYMENT_NOT_READY', {
    message:
      failure === undefined
        ? `${name} is still being loaded`
        : `${name} could not be loaded: ${failure.message}`,
    fix: failure?.fix ?? 'Send the request again after a moment.',
    details: { deployment: name, retryAfterSeconds: 1 },
  });
}

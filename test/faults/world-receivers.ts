import type { WebhookRequest, WebhookResult } from '../../functions/core/target/webhook.ts';
import { MARK_HEADER, NUMBER_HEADER, type ReceivedRequest } from './campaign-record.ts';
import { type Behaviour, DELIVERY_HEADER } from './scripted-receiver.ts';
import type { World } from './world.ts';

/** The receivers of a world: each path behaves as it is told to. */
export class WorldReceivers {
  readonly requests: ReceivedRequest[] = [];
  private readonly behaviours = new Map<string, { behaviour: Behaviour; left: number }>();
  private readonly world: World;

  constructor(world: World) {
    this.world = world;
  }

  newPath(behaviour: Behaviour): string {
    this.world.serial += 1;
    const path = `/${behaviour}-${this.world.serial}`;
    this.behave(path, behaviour);
    return path;
  }

  behave(path: string, behaviour: Behaviour): void {
    this.behaviours.set(path, { behaviour, left: behaviour === 'gone' ? this.world.choices.whole(1, 5) : 0 });
  }

  recover(): void {
    for (const script of this.behaviours.values()) script.behaviour = 'good';
  }

  receive({ url, headers, body }: WebhookRequest): WebhookResult {
    this.world.serial += 1;
    const path = new URL(url).pathname;
    const request: ReceivedRequest = {
      mark: `request-${this.world.serial}`,
      at: this.world.now,
      path,
      deliveryId: headers[DELIVERY_HEADER] ?? '',
      number: Number(headers[NUMBER_HEADER]),
      eventMark: /"mark":"([^"]+)"/.exec(body)?.[1] ?? '',
      status: null,
    };
    this.requests.push(request);
    const script = this.behaviours.get(path) ?? { behaviour: 'good', left: 0 };
    const isFailure = script.behaviour === 'dead' || (script.behaviour === 'flaky' && this.world.choices.chance(0.4));
    script.left -= 1;
    const isGone = script.behaviour === 'gone' && script.left === 0;
    const status = isGone ? 410 : isFailure ? this.world.choices.pick([500, 500, 503, null]) : 200;
    const durationMs = status === null ? 2_000 : this.world.choices.whole(1, 300);
    // Those of a batch wait side by side.
    this.world.now += Math.round(durationMs / 20);
    request.status = status;
    if (status === null) {
      const error = { code: 'timeout', message: 'No answer.' };
      return { outcome: 'timeout', durationMs, response: null, error };
    }
    const retryAfter = status === 503 ? { 'retry-after': String(this.world.choices.whole(1, 8)) } : {};
    const response = { status, headers: { [MARK_HEADER]: request.mark, ...retryAfter }, body: '', truncated: false };
    const isSuccess = status === 200;
    const error = isSuccess ? null : { code: 'http_status', message: `The receiver answered ${status}.` };
    return { outcome: isSuccess ? 'success' : 'http_error', durationMs, response, error };
  }
}

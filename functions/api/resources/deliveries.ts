import * as z from 'zod';
import { deliverMessage } from '../../core/delivery/deliver.ts';
import { cancel, type Delivery, request } from '../../core/delivery/delivery.ts';
import { parseDeliveryId } from '../../core/ids.ts';
import { modify } from '../http/modify.ts';
import { notFound, Problem } from '../http/problem.ts';
import { type ApiDeps, route } from '../http/route.ts';
import { tenantParams } from './tenants.ts';
import { DeliveryView, deliveryView } from './views.ts';

const params = { ...tenantParams, deliveryId: z.string().max(200) };

export const deliveryRoutes = [
  route('GET', '/v1/tenants/{tenantId}/deliveries/{deliveryId}', {
    summary: 'Read a delivery with its attempts',
    tag: 'Deliveries',
    access: 'tenant',
    params,
    responses: { 200: { description: 'The delivery.', schema: DeliveryView } },
    run: async ({ params, deps }) => ({ status: 200, body: deliveryView(await read(deps, params)) }),
  }),
  route('POST', '/v1/tenants/{tenantId}/deliveries/{deliveryId}/retry', {
    summary: 'Attempt it now, whatever became of it',
    tag: 'Deliveries',
    access: 'tenant',
    params,
    responses: { 202: { description: 'The attempt is queued.', schema: DeliveryView } },
    run: async ({ params, deps }) => {
      const subscription = await deps.catalog.getSubscription(
        params.tenantId,
        (await read(deps, params)).subscriptionId,
      );
      if (subscription === null)
        throw new Problem('conflict', 'Its subscription was deleted, so there is nowhere to deliver to.');
      if (subscription.status !== 'active') {
        throw new Problem('conflict', `Its subscription is ${subscription.status}. Resume it first.`);
      }
      // The journal first, then the message: should that be lost, the due index brings the attempt all the same.
      const asked = await change(deps, params, (delivery) => request(delivery, 'manual', deps.now(), deps.waits));
      await deps.retries.send([{ message: deliverMessage(asked), delaySeconds: 0 }]);
      return { status: 202, body: deliveryView(asked) };
    },
  }),
  route('POST', '/v1/tenants/{tenantId}/deliveries/{deliveryId}/cancel', {
    summary: 'Give up a delivery that has not come to an end',
    tag: 'Deliveries',
    access: 'tenant',
    params,
    responses: {
      200: { description: 'Cancelled. An attempt that is under way may still arrive.', schema: DeliveryView },
    },
    run: async ({ params, deps }) => {
      const cancelled = await change(deps, params, (delivery) => {
        if (delivery.status !== 'pending' && delivery.status !== 'parked') {
          throw new Problem(
            'conflict',
            `It has ${delivery.status} already; only what is pending or parked can be cancelled.`,
          );
        }
        return cancel(delivery, deps.now(), 'cancelled', 'It was cancelled by request.');
      });
      return { status: 200, body: deliveryView(cancelled) };
    },
  }),
];

interface Params {
  tenantId: string;
  deliveryId: string;
}

async function read(deps: ApiDeps, { tenantId, deliveryId }: Params): Promise<Delivery> {
  const ref = parseDeliveryId(deliveryId);
  const delivery = ref === null ? null : await deps.journal.getDelivery(ref);
  // The id of another tenant's delivery finds it, but must not tell that it is there.
  if (delivery === null || delivery.tenantId !== tenantId) throw notFound('delivery');
  return delivery;
}

function change(deps: ApiDeps, params: Params, edit: (delivery: Delivery) => Delivery): Promise<Delivery> {
  return modify({
    what: 'delivery',
    ifMatch: null,
    read: () => read(deps, params),
    change: edit,
    save: deps.journal.saveDelivery,
  });
}

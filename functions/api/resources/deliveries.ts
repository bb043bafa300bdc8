import * as z from 'zod';
import { changeStored } from '../../core/change-stored.ts';
import { cancelDelivery, DELIVERY_STATUSES, type Delivery, requestAttempt } from '../../core/delivery/delivery.ts';
import type { DeliveryStore } from '../../core/delivery/delivery-store.ts';
import { deliverMessage, type WorkQueue } from '../../core/delivery/queue-message.ts';
import type { WaitPolicy } from '../../core/delivery/wake.ts';
import { EventTypeName } from '../../core/event/event-type.ts';
import { DeliveryId, parseDeliveryId } from '../../core/ids.ts';
import { Refusal } from '../../core/refusal.ts';
import type { Subscriptions } from '../../core/subscription/manage.ts';
import { notFound } from '../http/problem.ts';
import { listOptions, pageQuery, rangeQuery, routesOf } from '../http/route.ts';
import { DeliveryView, deliveryView } from '../schemas/delivery.ts';
import { listBody, listOf } from '../schemas/list.ts';
import { subscriptionParams, tenantParams } from '../schemas/params.ts';

const route = routesOf('Deliveries', 'tenant');

const params = { ...tenantParams, deliveryId: DeliveryId };

export interface DeliveryRouteDeps {
  store: Pick<DeliveryStore, 'getDelivery' | 'listDeliveries' | 'listDeliveriesByStatus' | 'saveDelivery'>;
  subscriptions: Pick<Subscriptions, 'read'>;
  retries: WorkQueue;
  waits: WaitPolicy;
  now: () => number;
}

export const createDeliveryRoutes = ({ store, subscriptions, retries, waits, now }: DeliveryRouteDeps) => [
  route('GET', '/v1/tenants/{tenantId}/deliveries/{deliveryId}', {
    id: 'getDelivery',
    summary: 'Read a delivery with its attempts',
    params,
    responses: { 200: { description: 'The delivery.', schema: DeliveryView } },
    run: async ({ params }) => ({ status: 200, body: deliveryView(await read(store, params)) }),
  }),
  route('POST', '/v1/tenants/{tenantId}/deliveries/{deliveryId}/retry', {
    id: 'retryDelivery',
    summary: 'Attempt it now, whatever became of it',
    params,
    responses: { 202: { description: 'The attempt is queued.', schema: DeliveryView } },
    run: async ({ params }) => {
      const { tenantId, subscriptionId } = await read(store, params);
      const subscription = await subscriptions.read({ tenantId, subscriptionId });
      if (subscription instanceof Refusal)
        return new Refusal('conflict', 'Its subscription was deleted, so there is nowhere to deliver to.');
      if (subscription.status !== 'active')
        return new Refusal('conflict', `Its subscription is ${subscription.status}. Resume it first.`);
      // The journal first, then the message: if the message is lost, the due index brings the attempt all the same.
      const asked = await change(store, params, (delivery) => requestAttempt(delivery, 'manual', now(), waits));
      if (asked instanceof Refusal) return asked;
      await retries.send([{ message: deliverMessage(asked), delaySeconds: 0 }]);
      return { status: 202, body: deliveryView(asked) };
    },
  }),
  route('POST', '/v1/tenants/{tenantId}/deliveries/{deliveryId}/cancel', {
    id: 'cancelDelivery',
    summary: 'Give up a delivery that has not come to an end',
    params,
    responses: {
      200: { description: 'Cancelled. An attempt that is under way may still arrive.', schema: DeliveryView },
    },
    run: async ({ params }) => {
      const cancelled = await change(store, params, (delivery) => {
        if (delivery.status === 'pending' || delivery.status === 'parked')
          return cancelDelivery(delivery, now(), 'cancelled', 'It was cancelled by request.');
        const message = `It has ${delivery.status} already; only what is pending or parked can be cancelled.`;
        return new Refusal('conflict', message);
      });
      return cancelled instanceof Refusal ? cancelled : { status: 200, body: deliveryView(cancelled) };
    },
  }),
  route('GET', '/v1/tenants/{tenantId}/subscriptions/{subscriptionId}/deliveries', {
    id: 'listSubscriptionDeliveries',
    summary: 'List its deliveries, newest event first',
    params: subscriptionParams,
    query: {
      ...pageQuery,
      ...rangeQuery,
      status: z.enum(DELIVERY_STATUSES).optional(),
      eventType: EventTypeName.optional(),
    },
    responses: {
      200: {
        description: 'A page of deliveries. With a filter it may be short, or empty, before the last.',
        schema: listOf(DeliveryView),
      },
    },
    run: async ({ params, query }) => {
      const subscription = await subscriptions.read(params);
      if (subscription instanceof Refusal) return subscription;
      const options = listOptions(query);
      const { status, eventType } = query;
      const matchesType = eventType === undefined ? null : (one: Delivery) => one.eventType === eventType;
      if (status !== undefined && status !== 'succeeded') {
        const page = await store.listDeliveriesByStatus(params.subscriptionId, status, options, matchesType);
        return { status: 200, body: listBody(page, page.values.map(deliveryView)) };
      }
      const matches = (one: Delivery) => one.status === 'succeeded' && (matchesType === null || matchesType(one));
      const page = await store.listDeliveries(
        params.subscriptionId,
        options,
        status === undefined ? matchesType : matches,
      );
      return { status: 200, body: listBody(page, page.values.map(deliveryView)) };
    },
  }),
];

interface Params {
  tenantId: string;
  deliveryId: string;
}

async function read(store: Pick<DeliveryStore, 'getDelivery'>, { tenantId, deliveryId }: Params): Promise<Delivery> {
  const ref = parseDeliveryId(deliveryId);
  const delivery = ref === null ? null : await store.getDelivery(ref);
  // The id of another tenant's delivery finds it, but must not tell that it is there.
  if (delivery === null || delivery.tenantId !== tenantId) throw notFound('delivery');
  return delivery;
}

function change(
  store: Pick<DeliveryStore, 'getDelivery' | 'saveDelivery'>,
  params: Params,
  edit: (delivery: Delivery) => Delivery | Refusal,
): Promise<Delivery | Refusal> {
  return changeStored({
    what: 'delivery',
    ifMatch: null,
    read: () => read(store, params),
    change: edit,
    save: store.saveDelivery,
  });
}

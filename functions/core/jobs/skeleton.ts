import type { Attempt } from '../delivery/attempt.ts';
import type { Delivery } from '../delivery/delivery.ts';

/** A delivery without what was sent, where to, and what was answered. The same object if nothing of that is left. */
export function skeletonOf(delivery: Delivery): Delivery {
  return delivery.attempts.every(isBare) ? delivery : { ...delivery, attempts: delivery.attempts.map(bareAttempt) };
}

function isBare({ request, response, error }: Attempt): boolean {
  return (
    request.url === '' &&
    isEmpty(request.headers) &&
    (response === null || (response.body === '' && isEmpty(response.headers))) &&
    (error === null || error.message === '')
  );
}

function bareAttempt(attempt: Attempt): Attempt {
  const { response, error } = attempt;
  return {
    ...attempt,
    request: { url: '', headers: {} },
    response: response === null ? null : { ...response, headers: {}, body: '' },
    error: error === null ? null : { ...error, message: '' },
  };
}

const isEmpty = (headers: object): boolean => Object.keys(headers).length === 0;

import { fieldErrors } from '../field-error.ts';
import { jsonPointer } from '../json/pointer.ts';
import { invalidField, invalidFields, type Refusal } from '../refusal.ts';
import { type Opener, subscriptionOwner, type Vault } from '../vault.ts';
import { SubscriptionHeaders } from './headers.ts';
import type { Subscription } from './subscription.ts';

/** Shown in place of a header's value, which often is a key. Sent back in a change, it keeps the value. */
export const HIDDEN_VALUE = '[redacted]';

type Sealed = Pick<Subscription, 'tenantId' | 'id' | 'headers'>;

/** Header names with the mark in place of their values. */
export function hideValues(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.keys(headers).map((name) => [name, HIDDEN_VALUE]));
}

/** A subscription's own headers with their values in the clear. */
export async function openHeaders(opener: Opener, subscription: Sealed): Promise<Record<string, string>> {
  const owner = subscriptionOwner(subscription);
  const opened = Object.entries(subscription.headers).map(
    async ([name, sealed]): Promise<[string, string]> => [name, await opener.open(sealed, owner)],
  );
  return Object.fromEntries(await Promise.all(opened));
}

/**
 * The headers of a subscription after a change, with sealed values. A name whose value is the mark keeps its value; null
 * removes a name, or, in place of the whole, all of them.
 */
export async function changeHeaders(
  vault: Vault,
  current: Sealed,
  patch: Record<string, string | null> | null | undefined,
): Promise<Record<string, string> | Refusal> {
  if (patch === undefined) return current.headers;
  const sealed = new Map(patch === null ? [] : Object.entries(current.headers));
  const given = new Map<string, string>();
  for (const [name, value] of Object.entries(patch ?? {})) {
    if (value === null) sealed.delete(name);
    else if (value !== HIDDEN_VALUE) given.set(name, value);
    else if (!sealed.has(name)) {
      return invalidField(
        jsonPointer(['headers', name]),
        `is ${HIDDEN_VALUE}, which only stands for a value that is stored: send one`,
      );
    }
  }
  const owner = subscriptionOwner(current);
  const kept = await openHeaders(vault, { ...current, headers: Object.fromEntries(sealed) });
  const whole = { ...kept, ...Object.fromEntries(given) };
  const parsed = SubscriptionHeaders.safeParse(whole);
  if (!parsed.success) {
    const errors = fieldErrors(parsed.error, whole);
    return invalidFields(errors.map(({ path, message }) => ({ path: `/headers${path}`, message })));
  }
  for (const [name, value] of given) sealed.set(name, await vault.seal(value, owner));
  return Object.fromEntries(sealed);
}

import * as z from 'zod';
import { AuditRecord } from '../../core/access/audit-record.ts';
import type { AuditStore } from '../../core/access/audit-store.ts';
import { TenantId } from '../../core/ids.ts';
import { listOptions, pageQuery, rangeQuery, routesOf } from '../http/route.ts';
import { listOf, pageAnswer } from '../schemas/list.ts';
import { Timestamp, viewOf } from '../schemas/values.ts';

const route = routesOf('Audit', 'company');

export const AuditView = AuditRecord.extend({
  at: Timestamp,
  tenantId: z.string().nullable(),
  changes: AuditRecord.shape.changes.meta({
    description:
      'What became of each field: text as it is, anything else as JSON, null where there is none. Values are as every reader of the thing is shown them: without secrets, credentials and values of headers. At most 25 fields; a value of over 300 characters is cut and says so. Empty if another request changed it at the same moment, and for operations that change no subscription, profile, key, tenant or event type.',
  }),
}).meta({ id: 'AuditRecord', description: 'Who changed what, or was shown a secret.' });

const CallerId = z
  .string()
  .regex(
    /^(?:(?:key|ptk)_[0-9A-Za-z_]{1,40}|usr_[^\n\r\u2028\u2029]{1,255})$/u,
    'must be the id of an API key, of a portal token or of a person',
  );

export const createAuditRoutes = ({ audit }: { audit: Pick<AuditStore, 'listAuditRecords'> }) => [
  route('GET', '/v1/audit', {
    id: 'listAuditRecords',
    summary: 'List who changed what and who read secrets, newest first',
    query: {
      ...pageQuery,
      ...rangeQuery,
      tenantId: TenantId.optional(),
      keyId: CallerId.optional().meta({ description: 'Of an API key, of a portal token or of a person.' }),
    },
    responses: {
      200: {
        description: 'A page of records. With keyId it may be short, or empty, before the last.',
        schema: listOf(AuditView),
      },
    },
    run: async ({ query }) => {
      const { tenantId, keyId } = query;
      const matches = keyId === undefined ? null : ({ by }: AuditRecord) => by.id === keyId;
      const page = await audit.listAuditRecords(tenantId ?? null, listOptions(query), matches);
      return pageAnswer(page, viewOf(AuditView));
    },
  }),
];

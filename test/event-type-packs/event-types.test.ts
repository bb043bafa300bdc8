import { describe, expect, it } from 'vitest';
import { EventTypePack } from '../../functions/core/event/event-type-pack.ts';
import { packNames, readEventTypePack, readText } from './pack-files.ts';

const words = (text: string) => text.trim().split(/\s+/);

/** What each vendor offers, by where that is known from. */
const offered = {
  bindbee: {
    promised: words(`connector_sync_started connector_synced connector_sync_error employee_data_changed
      connector_data_modified`),
    public: [],
  },
  keypay: {
    promised: words(`EmployeeCreated EmployeeUpdated EmployeeTerminated PayRunInitialised PayRunFinalised PayRunDeleted
      LeaveRequestCreated LeaveRequestUpdated LeaveRequestApproved LeaveRequestDeclined LeaveRequestCancelled
      BankAccountUpdated BankAccountDeleted EmployeeRecurringDeductionUpdated EmployeeRecurringDeductionDeleted
      PaymentSummariesPublished PaymentSummariesUnpublished`),
    public: words(`LeaveEntitlementBalanceUpdated TimesheetCreated TimesheetUpdated TimesheetApproved TimesheetRejected
      TimesheetDeleted`),
  },
  staffology: {
    promised: words('Employee_Created Employee_Updated Employee_Deleted'),
    public: words(`Payrun_Finalised Payrun_StateChanged PensionMembership_Created PensionMembership_Updated
      PensionMembership_Deleted JobCompleted`),
  },
  peopleforce: {
    promised: ['employee_create'],
    public: words(`employee_update employee_start employee_terminate employee_termination_revert
      employee_position_create employee_position_update employee_salary_create employee_salary_update
      employee_additional_compensation_create employee_additional_compensation_update
      employee_employment_status_create employee_employment_status_update leave_request_create leave_request_approve
      leave_request_reject leave_request_withdraw leave_request_destroy applicant_create applicant_destroy vacancy_create
      vacancy_application_create vacancy_application_movement vacancy_offer_accept vacancy_offer_reject workflow`),
  },
};

it('has a pack for each vendor and no other', () => {
  expect(packNames.toSorted()).toEqual(Object.keys(offered).toSorted());
});

describe.each(Object.entries(offered))('%s', (vendor, expected) => {
  it('is a valid pack under the name of its file', () => {
    const parsed = EventTypePack.safeParse(JSON.parse(readText(vendor)));
    expect(parsed.error?.issues).toBeUndefined();
    expect(parsed.data?.name).toBe(vendor);
  });

  it('lists every event type that the vendor offers, each once, with where it is known from', () => {
    const { eventTypes } = readEventTypePack(vendor);
    const namesFrom = (source: string) => eventTypes.filter((type) => type.source === source).map((type) => type.name);
    expect(namesFrom('promised')).toEqual(expected.promised);
    expect(namesFrom('public')).toEqual(expected.public);
    expect(namesFrom('ours')).toEqual([]);
  });

  it('describes each event type in words of its own', () => {
    const descriptions = readEventTypePack(vendor).eventTypes.map((type) => type.description);
    expect(new Set(descriptions).size).toBe(descriptions.length);
    for (const description of descriptions) expect(description).toMatch(/^[A-Z].*\.$/);
  });
});

it('has as many event types as each vendor offers', () => {
  const counts = packNames.map((name) => [name, readEventTypePack(name).eventTypes.length]);
  expect(Object.fromEntries(counts)).toEqual({ bindbee: 5, keypay: 23, staffology: 9, peopleforce: 26 });
});

describe('a pack is refused, with the path of the mistake,', () => {
  const good = readEventTypePack('staffology');
  const [first, second] = good.eventTypes;
  const refusals: [string, unknown, (string | number)[]][] = [
    ['if a name is listed twice', { ...good, eventTypes: [first, second, first] }, ['eventTypes', 2, 'name']],
    ['if a name has a space', { ...good, eventTypes: [{ ...first, name: 'Job done' }] }, ['eventTypes', 0, 'name']],
    ['if a name is reserved', { ...good, eventTypes: [{ ...first, name: 'posthorn.x' }] }, ['eventTypes', 0, 'name']],
    ['if an origin is unknown', { ...good, eventTypes: [{ ...first, source: 'b' }] }, ['eventTypes', 0, 'source']],
    ['if a member is misspelt', { ...good, eventTypes: [{ ...first, shema: {} }] }, ['eventTypes', 0]],
    ['if it has no event types', { ...good, eventTypes: [] }, ['eventTypes']],
  ];
  it.each(refusals)('%s', (_, pack, path) => {
    expect(EventTypePack.safeParse(pack).error?.issues.map((issue) => issue.path)).toEqual([path]);
  });
});

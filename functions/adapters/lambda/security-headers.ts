/** On every answer of the API and of the console. Answers that API Gateway gives itself (413, 429, 503) cannot carry headers of ours. */
export const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000',
} as const;

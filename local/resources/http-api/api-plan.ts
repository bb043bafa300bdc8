/** The HTTP API of the stack, as `template.ts` reads it and `gateway.ts` serves it. */
export interface ApiPlan {
  apiId: string;
  stage: string;
  routes: Route[];
}

export interface Route {
  /** `GET /docs/{asset}`, `ANY /v1/{proxy+}` or `$default`. */
  routeKey: string;
  functionName: string;
  /** After this the gateway answers 503; AWS allows 30 s at most. */
  timeoutMs: number;
}

CREATE TABLE outbox (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- The event's id, by which Posthorn knows it when it is sent again.
  id text NOT NULL UNIQUE DEFAULT gen_random_uuid()::text CHECK (id ~ '^[A-Za-z0-9_-]{1,64}$'),
  tenant_id text NOT NULL CHECK (tenant_id ~ '^[A-Za-z0-9_-]{1,64}$'),
  type text NOT NULL,
  -- Not jsonb, which changes numbers and the order of keys.
  data json NOT NULL CHECK (octet_length(data::text) <= 262144),
  occurred_at timestamptz NOT NULL DEFAULT now()
);

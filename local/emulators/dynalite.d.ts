declare module 'dynalite' {
  import type { Server } from 'node:http';

  export default function dynalite(options: { path?: string }): Server;
}

declare module 'dynalite/db/index.js' {
  const db: {
    /** Called once by each server. */
    create: (options: { path?: string }) => object;
  };
  export default db;
}

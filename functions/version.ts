import packageJson from '../package.json' with { type: 'json' };

/** The release of Posthorn that is running. */
export const VERSION: string = packageJson.version;

/** How deliveries name their sender. */
export const USER_AGENT = `Posthorn/${VERSION}`;

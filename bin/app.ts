import { createAppOrExit } from '../lib/app.ts';

createAppOrExit();

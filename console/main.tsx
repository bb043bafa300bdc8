import '@fontsource-variable/instrument-sans/wght.css';
import '@fontsource-variable/jetbrains-mono/wght.css';
import './style/tokens.css';
import './style/base.css';
import './style/components.css';
import './style/layout.css';
import './style/deliveries.css';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Router } from 'wouter';
import { App } from './app.tsx';
import { takeFragment } from './session/credential.ts';
import { PreferencesProvider } from './session/preferences.tsx';
import { isWorthRetrying, SessionProvider } from './session/session.tsx';

const { credential, language } = takeFragment();
const queries = new QueryClient({ defaultOptions: { queries: { retry: isWorthRetrying, staleTime: 5_000 } } });
const root = document.getElementById('root');
if (root === null) throw new Error('The page has no element #root.');

createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <PreferencesProvider language={language}>
        <Router base="/console">
          <SessionProvider credential={credential}>
            <App />
          </SessionProvider>
        </Router>
      </PreferencesProvider>
    </QueryClientProvider>
  </StrictMode>,
);

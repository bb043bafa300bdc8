import { Suspense } from 'react';
import { Redirect, Route, Switch } from 'wouter';
import { Layout } from './components/layout.tsx';
import { Loading } from './components/loading.tsx';
import { NotFoundPage } from './pages/not-found.tsx';
import { ROUTES } from './routes.tsx';
import { useIsShown } from './session/portal-pages.ts';
import { useSession } from './session/session.tsx';

/** The page that the address names, for who may see it. */
export function App() {
  const { caller } = useSession();
  const isShown = useIsShown();
  const routes = ROUTES.filter(({ face }) => face === 'everyone' || caller.tenantId === null);
  return (
    <Layout>
      <Suspense fallback={<Loading />}>
        <Switch>
          <Route path="/">
            <Redirect to={caller.tenantId === null ? '/tenants' : `/tenants/${caller.tenantId}/webhooks`} replace />
          </Route>
          {routes.map(({ path, page: Page }) => (
            <Route key={path} path={path}>
              {isShown(path) ? <Page /> : <NotFoundPage />}
            </Route>
          ))}
          <Route>
            <NotFoundPage />
          </Route>
        </Switch>
      </Suspense>
    </Layout>
  );
}
